#include <regstream/client/stream_client.hpp>

#include <algorithm>
#include <utility>
#include <variant>

#include "client/stream_shell.hpp"

namespace regstream::client {
namespace {

/// The shortest first jitter, even if the initial delay is zero.
constexpr Duration backoff_base_min{50};

/// The shell of an event stream.
class EventShell final : public StreamShell {
 public:
  EventShell(boost::asio::io_context& context, StreamRequest stream,
             const StreamClientOptions& options, StreamHandler& handler)
      : StreamShell(context, std::move(stream), options, handler),
        handler_(handler),
        session_(connection_of(options), options.seed, request().last_event_id,
                 options.limits.parser) {}

  EventSession& session() override { return session_; }

 private:
  bool deliver_next() override {
    const sse::Token token = session_.poll_token();
    if (std::holds_alternative<sse::NeedInput>(token)) {
      return false;
    }
    call_handler([&] { deliver(token); });
    return true;
  }

  void deliver(const sse::Token& token) {
    if (const auto* const event = std::get_if<sse::Event>(&token)) {
      handler_.on_event(*event);
    } else if (const auto* const comment = std::get_if<sse::Comment>(&token)) {
      handler_.on_comment(comment->text);
    } else if (const auto* const skipped = std::get_if<sse::Skipped>(&token)) {
      handler_.on_skipped(*skipped);
    } else if (const auto* const retry = std::get_if<sse::Retry>(&token)) {
      handler_.on_retry(retry->delay);
    }
  }

  StreamHandler& handler_;
  EventSession session_;
};

}  // namespace

void set_initial_delay(StreamClientOptions& options, Duration delay) {
  ConnectionOptions& connection = options.connection;
  connection.reconnection_time = delay;
  connection.backoff.base = std::min(connection.backoff.base, std::max(delay, backoff_base_min));
}

StreamClient::StreamClient(boost::asio::io_context& context, StreamRequest request,
                           const StreamClientOptions& options, StreamHandler& handler)
    : shell_(std::make_shared<EventShell>(context, std::move(request), options, handler)) {}

StreamClient::StreamClient(std::shared_ptr<StreamShell> shell) : shell_(std::move(shell)) {}

StreamClient::~StreamClient() {
  shell_->abandon();
}

void StreamClient::connect() {
  shell_->connect();
}

void StreamClient::close() {
  shell_->close();
}

void StreamClient::restart() {
  shell_->restart();
}

ConnectionState StreamClient::state() const {
  return shell_->session().state();
}

}  // namespace regstream::client
