#include <regstream/client/registration_client.hpp>

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <regstream/workflow/registration.hpp>

#include "client/request_target.hpp"
#include "client/stream_shell.hpp"

namespace regstream::client {

class RegistrationClient::Shell final : public StreamShell {
 public:
  Shell(boost::asio::io_context& context, StreamRequest stream, const StreamClientOptions& options,
        const Workflow& workflow, std::span<const InstanceId> ids, RegistrationHandler& handler,
        StreamEnd end)
      : StreamShell(context, std::move(stream), options, handler),
        messages(connection_of(options), options.seed, workflow, ids, request().last_event_id,
                 options.limits.parser, end),
        handler_(handler) {
    if (!can_ask(ids, workflow, end)) {
      throw std::invalid_argument(
          "a stream follows at most 100 ids of its workflow, and exactly one id if it ends with "
          "the final status");
    }
  }

  EventSession& session() override { return messages; }

  bool follow(std::span<const InstanceId> ids) {
    const bool is_accepted = messages.follow(ids, now());
    carry_out();
    return is_accepted;
  }

  StreamSession messages;

 private:
  bool deliver_next() override {
    const auto message = messages.poll_message();
    if (message) {
      call_handler([&] { handler_.on_message(*message); });
    }
    return message.has_value();
  }

  [[nodiscard]] std::string request_target(const std::string& target) const override {
    return target_asking(target, messages.request_query());
  }

  RegistrationHandler& handler_;
};

RegistrationClient::RegistrationClient(boost::asio::io_context& context, StreamRequest request,
                                       const StreamClientOptions& options, const Workflow& workflow,
                                       std::span<const InstanceId> ids,
                                       RegistrationHandler& handler, StreamEnd end)
    : RegistrationClient(std::make_shared<Shell>(context, std::move(request), options, workflow,
                                                 ids, handler, end)) {}

RegistrationClient::RegistrationClient(boost::asio::io_context& context, StreamRequest request,
                                       const StreamClientOptions& options,
                                       std::span<const std::int64_t> registration_ids,
                                       RegistrationHandler& handler)
    : RegistrationClient(context, std::move(request), options, registration_workflow(),
                         std::vector<InstanceId>(registration_ids.begin(), registration_ids.end()),
                         handler) {}

RegistrationClient::RegistrationClient(const std::shared_ptr<Shell>& shell)
    : StreamClient(shell), own_(*shell) {}

bool RegistrationClient::follow(std::span<const InstanceId> ids) {
  return own_.follow(ids);
}

bool RegistrationClient::restore(RegistrationView view) {
  return own_.messages.restore(std::move(view));
}

const RegistrationView* RegistrationClient::view(const InstanceId& id) const {
  return own_.messages.view(id);
}

const RegistrationView* RegistrationClient::view_to_restore(const InstanceId& id) const {
  return own_.messages.view_to_restore(id);
}

std::string_view RegistrationClient::last_event_id() const {
  return own_.messages.last_event_id();
}

std::uint64_t RegistrationClient::resets() const {
  return own_.messages.resets();
}

}  // namespace regstream::client
