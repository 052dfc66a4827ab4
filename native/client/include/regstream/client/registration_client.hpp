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

/// Hears of the messages of a gateway's stream. Every call may close, restart or destroy the
/// client: nothing more of that stream is heard then, not even what has arrived already.
class RegistrationHandler : public StateHandler {
 public:
  /// The client's views have the message in them already (`view_changed`). What it has views of
  /// holds until the call returns.
  virtual void on_message(const SessionMessage& message) = 0;

 protected:
  ~RegistrationHandler() = default;
};

/// A client of a gateway's stream, which folds the updates of a workflow's instances into their
/// views. What becomes of a view when updates may have been missed stands in
/// session/stream_session.hpp.
class RegistrationClient final : private StreamClient {
 public:
  /// Asks for `ids`, in place of those that the request's URL names; none: for what the URL says,
  /// and then there is no view. With `StreamEnd::final_status` the client closes itself, as
  /// `finished`, once the handler has heard the message `end`. `workflow` must outlive the client.
  /// Throws as `StreamClient` does, also if one stream can't ask for `ids` (`can_ask`).
  RegistrationClient(boost::asio::io_context& context, StreamRequest request,
                     const StreamClientOptions& options, const Workflow& workflow,
                     std::span<const InstanceId> ids, RegistrationHandler& handler,
                     StreamEnd end = StreamEnd::never);
  /// The same of registrations.
  RegistrationClient(boost::asio::io_context& context, StreamRequest request,
                     const StreamClientOptions& options,
                     std::span<const std::int64_t> registration_ids, RegistrationHandler& handler);

  using StreamClient::close;
  using StreamClient::connect;
  using StreamClient::restart;
  using StreamClient::state;

  /// Replaces the ids, as `StreamSession::follow` does: the stream is not lost. False, and nothing
  /// changes, if one stream can't ask for them.
  [[nodiscard]] bool follow(std::span<const InstanceId> ids);

  /// Takes over what an earlier client left (`view_to_restore`), together with the request's
  /// `last_event_id`. Call it before `connect`. False, and nothing changes, if it is not one of the
  /// ids.
  [[nodiscard]] bool restore(RegistrationView view);

  /// Null: nothing is known of it. Holds until the next message.
  [[nodiscard]] const RegistrationView* view(const InstanceId& id) const;

  /// What the next client goes on from: of an instance, also before anything is known of it
  /// (null: it is not one of them), and of the stream. Both hold until the next message.
  [[nodiscard]] const RegistrationView* view_to_restore(const InstanceId& id) const;
  [[nodiscard]] std::string_view last_event_id() const;

  /// How often updates may have been missed.
  [[nodiscard]] std::uint64_t resets() const;

 private:
  class Shell;
  explicit RegistrationClient(const std::shared_ptr<Shell>& shell);

  Shell& own_;  ///< The base's shell.
};

}  // namespace regstream::client
