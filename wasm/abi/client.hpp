#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <regstream/session/stream_session.hpp>

#include "batch.hpp"
#include "records.hpp"

namespace regstream::abi {

/// One stream of the browser package: a session, and what it gives as records.
class Client {
 public:
  /// `registration_id` 0 means a stream of every registration.
  Client(const ConnectionOptions& options, std::uint64_t seed, std::int64_t registration_id,
         std::string_view last_event_id);

  [[nodiscard]] StreamSession& session() { return session_; }
  [[nodiscard]] const StreamSession& session() const { return session_; }

  /// Takes over the view that an earlier client of the same stream left, as a snapshot's JSON text.
  /// One that can't be read is none.
  void restore(std::string_view view_json);

  /// Writes records of the messages in what the session was given last, and one of the view if they
  /// changed it.
  void read_messages();

  // What the last call has written.
  [[nodiscard]] const Records<MessageRecord>& messages() const { return messages_; }
  [[nodiscard]] std::string_view text() const { return text_.text(); }
  [[nodiscard]] std::string_view json() const { return json_; }
  /// Apart from the records' text: hardly anybody asks for one, and that text is decoded whole.
  [[nodiscard]] std::string_view cursors() const { return cursors_; }
  [[nodiscard]] std::uint32_t cursor_begin() const { return cursor_.begin; }
  /// How often updates may have been missed in it.
  [[nodiscard]] std::uint32_t resets() const { return resets_; }
  /// Null: it did not change.
  [[nodiscard]] const ViewRecord* changed_view() const { return view_changed_ ? &view_ : nullptr; }

 private:
  void add(const SessionMessage& message);
  void add_update(MessageRecord& record, const UpdateSlices& update);
  void write_view(const RegistrationView& view);
  void append_cursor(std::string_view last_event_id);

  StreamSession session_;
  std::int64_t registration_id_;

  BatchText text_;
  Records<MessageRecord> messages_;
  std::string json_;
  std::string cursors_;
  /// The last one of `cursors_`. It is there once: the next message's may be the same.
  Slice cursor_;
  std::uint32_t resets_ = 0;
  bool view_changed_ = false;

  ViewRecord view_;
  BatchText view_text_;
  Records<StageRecord> stages_;
  // As JavaScript has them already: it parses only what is new.
  std::string details_;
  std::string process_log_;
};

}  // namespace regstream::abi
