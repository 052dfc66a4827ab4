#include <regstream/client/registration_client.hpp>

#include <memory>
#include <utility>

#include "client/stream_shell.hpp"

namespace regstream::client {

class RegistrationClient::Shell final : public StreamShell {
 public:
  Shell(boost::asio::io_context& context, StreamRequest stream, const StreamClientOptions& options,
        std::span<const std::int64_t> registration_ids, RegistrationHandler& handler)
      : StreamShell(context, std::move(stream), options.limits, handler),
        messages(options.connection, options.seed, registration_ids, request().last_event_id,
                 options.limits.parser),
        handler_(handler) {}

  EventSession& session() override { return messages; }

  StreamSession messages;

 private:
  bool hand_out() override {
    const auto message = messages.poll_message();
    if (message) {
      tell([&] { handler_.on_message(*message); });
    }
    return message.has_value();
  }

  RegistrationHandler& handler_;
};

RegistrationClient::RegistrationClient(boost::asio::io_context& context, StreamRequest request,
                                       const StreamClientOptions& options,
                                       std::span<const std::int64_t> registration_ids,
                                       RegistrationHandler& handler)
    : RegistrationClient(std::make_shared<Shell>(context, std::move(request), options,
                                                 registration_ids, handler)) {}

RegistrationClient::RegistrationClient(const std::shared_ptr<Shell>& shell)
    : StreamClient(shell), session_(shell->messages) {}

bool RegistrationClient::restore(RegistrationView view) {
  return session_.restore(std::move(view));
}

const RegistrationView* RegistrationClient::view(std::int64_t registration_id) const {
  return session_.view(registration_id);
}

const RegistrationView* RegistrationClient::view_to_restore(std::int64_t registration_id) const {
  return session_.view_to_restore(registration_id);
}

std::string_view RegistrationClient::last_event_id() const {
  return session_.last_event_id();
}

std::uint64_t RegistrationClient::resets() const {
  return session_.resets();
}

}  // namespace regstream::client
