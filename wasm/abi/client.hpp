#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/connection/connection.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/sse/parser.hpp>

#include "batch.hpp"

/// What one stream of the browser package needs of the core, put together.
namespace regstream::wasm {

/// What a message was. The numbers are part of the ABI: append only.
enum class MessageKind : std::uint8_t {
  connected = 0,
  update = 1,
  snapshot = 2,
  reset = 3,  ///< The server may have missed updates: the view is forgotten.
  ping = 4,
  other = 5,      ///< Of a type this version does not know, or about another registration.
  malformed = 6,  ///< Not a message of the contract; the record's message says why.
  /// Over a limit, and skipped; the record's message says which. It and a malformed one may have
  /// been an update: the view says so.
  too_large = 7,
};

/// One message of the stream; all but `kind` and `message` is an update's. Part of the ABI.
struct MessageRecord {
  double registration_id = 0;
  double timestamp_ms = 0;
  double epoch = 0;  ///< Of its event id; 0: it has none.
  double sequence = 0;
  Slice status;   ///< Where `known_status` is `other`.
  Slice stage;    ///< Where `known_stage` is 0.
  Slice message;  ///< Also why a message was not taken.
  /// Bytes of `Client::cursors`: what a reconnect behind the update has to resume from.
  Slice cursor;
  /// Bytes of `Client::json`, the JSON text of an object with its other members; empty if these
  /// fields are all of it.
  Slice json;
  MessageKind kind = MessageKind::other;
  Status known_status = Status::other;
  /// One more than the place of the stage in the given workflow.
  std::uint8_t known_stage = 0;
  StageStatus stage_status = StageStatus::completed;  ///< Inferred if not sent.
  bool has_message = false;
};

/// The machines of one stream: its connection, and the registration that it is about, if it is
/// about one.
class Client {
 public:
  /// `registration_id` 0 means a stream of every registration.
  Client(const ConnectionOptions& options, std::uint64_t seed, std::int64_t registration_id);

  [[nodiscard]] Connection& connection() { return connection_; }

  /// Takes over what an earlier client of the same stream left: its cursor, and the JSON text of
  /// its view (empty: none). False where the view can't be read; the cursor is taken over all the
  /// same.
  bool restore(std::string_view last_event_id, std::string_view view_json);

  /// The cursor to resume from.
  [[nodiscard]] std::string_view cursor() const { return cursor_; }

  /// Takes bytes of `attempt`'s stream, as a transport that does not parse has them. False, and
  /// nothing is taken, if the attempt is not the current one.
  bool receive(AttemptId attempt, std::string_view bytes, Instant now);

  /// Takes one event of `attempt`'s stream, as EventSource has it. `last_event_id` is given where
  /// the event changed it. False, and nothing is taken, if the attempt is not the current one.
  bool receive_event(AttemptId attempt, std::string_view data,
                     std::optional<std::string_view> last_event_id, Instant now);

  /// The transport of `attempt` has an answer.
  void respond(AttemptId attempt, const ResponseHead& head, Instant now);

  // What the last call that received anything has brought.
  [[nodiscard]] const Batch<MessageRecord>& messages() const { return messages_; }
  [[nodiscard]] std::string_view json() const { return json_; }
  /// Apart from the records' text: hardly anybody asks for one, and that text is decoded whole.
  [[nodiscard]] std::string_view cursors() const { return cursors_; }
  [[nodiscard]] bool view_changed() const { return view_changed_; }

  /// The view as JSON text; empty before anything is known, and on a stream of every registration.
  [[nodiscard]] std::string view_json() const;

 private:
  bool begin_batch(AttemptId attempt, Instant now);
  void take_event_id(AttemptId attempt, std::string_view last_event_id);
  void take_message(std::string_view data, std::string_view cursor);
  void take_update(const UpdateSlices& update, std::string_view cursor);
  void take_snapshot(std::string_view json);
  bool fold(Applied applied);
  void mark_gap();
  void forget_view();
  void add(MessageKind kind);
  void reject(MessageKind kind, std::string_view problem);

  Connection connection_;
  std::optional<sse::Parser> parser_;  ///< Anew where an earlier client's cursor is taken over.
  std::optional<Registration> registration_;
  std::string cursor_;
  Batch<MessageRecord> messages_;
  std::string json_;
  std::string cursors_;
  bool view_changed_ = false;
  bool view_known_ = false;
};

}  // namespace regstream::wasm
