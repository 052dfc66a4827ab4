#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include <regstream/client/stream_client.hpp>
#include <regstream/registration/view.hpp>
#include <regstream/session/stream_session.hpp>

namespace regstream::client {

/// Gets the messages of a gateway's stream. Every call may close, restart or destroy the client.
/// After that it gets nothing more from that stream, not even what has arrived already.
class RegistrationHandler : public StateHandler {
 public:
  /// A message has arrived. The client's views contain it already (`view_changed`). Views that the
  /// message refers to are valid until the call returns.
  virtual void on_message(const SessionMessage& message) = 0;

 protected:
  ~RegistrationHandler() = default;
};

/// A client of a gateway's stream that folds the updates of a workflow's instances into views.
/// session/stream_session.hpp says what happens to a view when updates may have been missed.
class RegistrationClient final : private StreamClient {
 public:
  /// Requests `ids`, in place of those in the request's URL. Without ids it requests what the URL
  /// says, and has no views. With `StreamEnd::final_status` the client closes itself, with the
  /// reason `finished`, after the handler got the message `end`. `workflow` must outlive the
  /// client. Throws as `StreamClient` does, and also if one stream can't carry `ids` (`can_ask`).
  RegistrationClient(boost::asio::io_context& context, StreamRequest request,
                     const StreamClientOptions& options, const Workflow& workflow,
                     std::span<const InstanceId> ids, RegistrationHandler& handler,
                     StreamEnd end = StreamEnd::never);
  /// The same for registrations.
  RegistrationClient(boost::asio::io_context& context, StreamRequest request,
                     const StreamClientOptions& options,
                     std::span<const std::int64_t> registration_ids, RegistrationHandler& handler);

  using StreamClient::close;
  using StreamClient::connect;
  using StreamClient::restart;
  using StreamClient::state;

  /// Replaces the ids without losing anything, as `StreamSession::follow` does. False if one stream
  /// can't carry them; then nothing changes.
  [[nodiscard]] bool follow(std::span<const InstanceId> ids);

  /// Restores the view of an earlier client (`view_to_restore`); give its `last_event_id` in the
  /// request. Call it before `connect`. False if the view's id is not one of the ids; then nothing
  /// changes.
  [[nodiscard]] bool restore(RegistrationView view);

  /// The view of an instance; null if nothing is known about it. Valid until the next message.
  [[nodiscard]] const RegistrationView* view(const InstanceId& id) const;

  /// What the next client continues from: the view of an instance, also before anything is known
  /// about it (null: it is not one of the ids), and the stream's cursor. Both are valid until the
  /// next message.
  [[nodiscard]] const RegistrationView* view_to_restore(const InstanceId& id) const;
  [[nodiscard]] std::string_view last_event_id() const;

  /// How often updates may have been missed.
  [[nodiscard]] std::uint64_t resets() const;

 private:
  class Shell;
  explicit RegistrationClient(const std::shared_ptr<Shell>& shell);

  Shell& own_;  ///< The shell that the base class owns.
};

}  // namespace regstream::client
