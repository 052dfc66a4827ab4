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

/// A client of a gateway's stream, which folds the updates of registrations into their views. What
/// becomes of a view when updates may have been missed stands in session/stream_session.hpp.
class RegistrationClient final : private StreamClient {
 public:
  /// `registration_ids` are those that the request's URL asks for; none: every registration, and
  /// then there is no view. Throws as `StreamClient` does.
  RegistrationClient(boost::asio::io_context& context, StreamRequest request,
                     const StreamClientOptions& options,
                     std::span<const std::int64_t> registration_ids, RegistrationHandler& handler);

  using StreamClient::close;
  using StreamClient::connect;
  using StreamClient::restart;
  using StreamClient::state;

  /// Takes over what an earlier client left (`view_to_restore`), together with the request's
  /// `last_event_id`. Call it before `connect`. False, and nothing changes, if it is not one of the
  /// registrations.
  [[nodiscard]] bool restore(RegistrationView view);

  /// Null: nothing is known of it. Holds until the next message.
  [[nodiscard]] const RegistrationView* view(std::int64_t registration_id) const;

  /// What the next client goes on from: of a registration, also before anything is known of it
  /// (null: it is not one of them), and of the stream. Both hold until the next message.
  [[nodiscard]] const RegistrationView* view_to_restore(std::int64_t registration_id) const;
  [[nodiscard]] std::string_view last_event_id() const;

  /// How often updates may have been missed.
  [[nodiscard]] std::uint64_t resets() const;

 private:
  class Shell;
  explicit RegistrationClient(const std::shared_ptr<Shell>& shell);

  StreamSession& session_;  ///< The shell's.
};

}  // namespace regstream::client
