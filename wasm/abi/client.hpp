#pragma once

#include <cstdint>
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
  /// If it can't be read, its history is lost, and there is a gap.
  void restore(std::string_view view_json);

  /// Writes into `batch`, which is empty, records of the messages in what the session was given
  /// last, and one of the view if they changed it. Into `result` goes what it says of a batch.
  void write_messages(Batch& batch, Result& result);

 private:
  StreamSession session_;
  std::int64_t registration_id_;
};

/// Puts a view into `batch`.
void write_view(Batch& batch, const RegistrationView& view);

}  // namespace regstream::abi
