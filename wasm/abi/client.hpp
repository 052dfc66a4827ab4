#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <regstream/session/stream_session.hpp>

#include "batch.hpp"
#include "records.hpp"

namespace regstream::abi {

/// One stream of the browser package: a session, and its results as records.
class Client {
 public:
  /// `can_ask` must allow `ids`. `workflow` must outlive the client.
  Client(const ConnectionOptions& options, std::uint64_t seed, const Workflow& workflow,
         std::span<const InstanceId> ids, std::string_view last_event_id, StreamEnd end);

  [[nodiscard]] StreamSession& session() { return session_; }
  [[nodiscard]] const StreamSession& session() const { return session_; }

  /// Restores the view of `id` that an earlier client of the same stream left, as a snapshot's JSON
  /// text. If it is unreadable, its history is lost, and there is a gap.
  void restore(const InstanceId& id, std::string_view view_json);

  /// Writes records into the empty `batch`: of the messages in the session's last input, and of the
  /// views that they changed. Sets the members of `result` that describe a batch.
  void write_messages(Batch& batch, Result& result);

  /// The query of the next request. Valid until the next call.
  [[nodiscard]] std::string_view request_query(TransportKind kind);

 private:
  StreamSession session_;
  std::string query_;
};

/// Writes the views that have changed into `batch`.
void write_views(Batch& batch, StreamSession& session);

}  // namespace regstream::abi
