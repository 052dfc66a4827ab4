#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/connection/connection.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/message/status.hpp>
#include <regstream/registration/registration.hpp>

/// What one stream of the browser package needs of the core, put together.
namespace regstream::wasm {

struct ClientLimits {
  CodecLimits codec;
  /// The id travels back in a URL, and servers bound those (commonly at 8 KiB).
  std::size_t id_bytes_max = 4096;
};

/// What a message was. The numbers are part of the ABI: append only.
enum class MessageKind : std::uint8_t {
  connected = 0,
  update = 1,
  snapshot = 2,
  reset = 3,  ///< The server may have missed updates: the view is forgotten.
  ping = 4,
  other = 5,      ///< Of a type this version does not know, or about another registration.
  malformed = 6,  ///< Not a message of the contract; `Client::problem` says why.
  too_large = 7,  ///< Over a limit; `Client::problem` says which.
  stale = 8,      ///< From an earlier attempt; dropped.
};

/// The machines of one stream: its connection, and the registration that it is about, if it is
/// about one.
class Client {
 public:
  /// `registration_id` 0 means a stream of every registration.
  Client(const ConnectionOptions& options, std::uint64_t seed, std::int64_t registration_id,
         const ClientLimits& limits = {});

  [[nodiscard]] Connection& connection() { return connection_; }

  /// Takes over what an earlier client of the same stream left: its cursor, and the JSON text of
  /// its view (empty: none). False where the view can't be read; the cursor is taken over all the
  /// same.
  bool restore(std::string_view last_event_id, std::string_view view_json);

  /// The cursor to open a transport with, given the connection machine's own.
  [[nodiscard]] std::string_view cursor(std::string_view of_connection) const;

  /// Takes one event of `attempt`'s stream. `last_event_id` is given where the event changed it.
  MessageKind message(AttemptId attempt, std::string_view data,
                      std::optional<std::string_view> last_event_id, Instant now);

  /// Of the last message: whether it changed the view.
  [[nodiscard]] bool view_changed() const { return view_changed_; }
  /// Of the last message, where it was a stage update: the stage's status, inferred if not sent.
  [[nodiscard]] StageStatus stage_status() const { return stage_status_; }
  /// Of the last message, where it was malformed or too large: a sentence that says why.
  [[nodiscard]] std::string_view problem() const { return problem_; }

  /// The view as JSON text; empty before anything is known, and on a stream of every registration.
  [[nodiscard]] std::string view_json() const;

 private:
  MessageKind take_update(std::string_view json);
  MessageKind take_snapshot(std::string_view json);
  void forget_view();
  MessageKind reject(MessageKind kind, std::string problem);

  ClientLimits limits_;
  Connection connection_;
  std::optional<Registration> registration_;
  std::string restored_cursor_;
  std::string problem_;
  StageStatus stage_status_ = StageStatus::completed;
  bool view_changed_ = false;
  bool view_known_ = false;
};

}  // namespace regstream::wasm
