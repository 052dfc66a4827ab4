#include <regstream/client/stream_client.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>

#include <boost/asio/steady_timer.hpp>

#include "client/attempt.hpp"
#include "client/http_url.hpp"
#include "client/request_fields.hpp"

namespace regstream::client {
namespace {

using Clock = std::chrono::steady_clock;

/// No timer is set further ahead: a deadline of `Instant::max()` would overflow the clock.
constexpr Duration timer_max = std::chrono::hours{24};

/// The first jitter of a client that is told to wait for nothing.
constexpr Duration backoff_base_min{50};

HttpUrl checked_url(const StreamRequest& request) {
  auto url = parse_http_url(request.url);
  if (const auto* const problem = std::get_if<UrlProblem>(&url)) {
    throw std::invalid_argument(problem->what);
  }
  if (const auto problem = method_problem(request.method)) {
    throw std::invalid_argument(*problem);
  }
  for (const HeaderField& field : request.headers) {
    if (const auto problem = header_problem(field)) {
      throw std::invalid_argument(*problem);
    }
  }
  if (!is_field_value(request.last_event_id)) {
    throw std::invalid_argument("the last event ID holds a control character");
  }
  return std::get<HttpUrl>(std::move(url));
}

}  // namespace

/// Outlives the client until the operations and calls under way have come back; `handler_` is null
/// from then on.
class StreamClient::Implementation final : public Attempt::Owner,
                                           public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(boost::asio::io_context& context, StreamRequest request,
                 const StreamClientOptions& options, StreamHandler& handler)
      : context_(context),
        request_(std::move(request)),
        url_(checked_url(request_)),
        options_(options),
        handler_(&handler),
        timer_(context),
        connection_(options.connection, options.seed, request_.last_event_id),
        parser_(options.limits.parser, request_.last_event_id) {}

  void connect() {
    connection_.connect(now());
    carry_out();
  }

  void close() {
    connection_.close(now());
    carry_out();
  }

  void restart() {
    connection_.restart(now());
    carry_out();
  }

  /// The client goes.
  void abandon() {
    handler_ = nullptr;
    timer_.cancel();
    drop_attempt();
  }

  [[nodiscard]] ConnectionState state() const { return connection_.state(); }

  void on_response(AttemptId attempt, const ResponseHead& head,
                   std::optional<StreamFailure> refusal) override {
    const auto self = shared_from_this();
    failure_ = std::move(refusal);
    if (connection_.on_response(attempt, head, now()) &&
        connection_.state() == ConnectionState::open) {
      parser_.begin_connection();
    }
    carry_out();
  }

  void on_bytes(AttemptId attempt, std::string_view bytes) override {
    const auto self = shared_from_this();
    if (!connection_.on_activity(attempt, now())) {
      return;
    }
    parser_.feed(bytes);
    for (;;) {
      const sse::Token token = parser_.next();
      if (std::holds_alternative<sse::NeedInput>(token)) {
        break;
      }
      hand_out(attempt, token);
      if (handler_ == nullptr || attempt_ == nullptr || attempt_->id() != attempt) {
        return;  // The handler wants no more of this stream.
      }
    }
    // A block of an id alone sets it without an event.
    connection_.on_event_id(attempt, parser_.last_event_id());
    carry_out();
  }

  void on_end(AttemptId attempt, TransportEnd end, StreamFailure failure) override {
    const auto self = shared_from_this();
    failure_ = std::move(failure);
    connection_.on_end(attempt, end, now());
    carry_out();
  }

 private:
  [[nodiscard]] Instant now() const {
    return Instant{std::chrono::duration_cast<Duration>(Clock::now() - origin_)};
  }

  void hand_out(AttemptId attempt, const sse::Token& token) {
    if (const auto* const event = std::get_if<sse::Event>(&token)) {
      // First, so that a handler which restarts the client resumes after this event.
      connection_.on_event_id(attempt, event->last_event_id);
      handler_->on_event(*event);
    } else if (const auto* const comment = std::get_if<sse::Comment>(&token)) {
      connection_.on_comment(attempt, comment->text);
      handler_->on_comment(comment->text);
    } else if (const auto* const skipped = std::get_if<sse::Skipped>(&token)) {
      connection_.on_event_id(attempt, skipped->last_event_id);
      handler_->on_skipped(*skipped);
    } else if (const auto* const retry = std::get_if<sse::Retry>(&token)) {
      connection_.on_retry(attempt, retry->delay);
      handler_->on_retry(retry->delay);
    }
  }

  /// Carries out what the machine asks for, and sets the timer. A handler's call back into the
  /// client comes here again: the outer call goes on with what that has queued.
  void carry_out() {
    if (is_carrying_out_) {
      return;
    }
    const auto self = shared_from_this();
    is_carrying_out_ = true;
    while (handler_ != nullptr) {
      const auto action = connection_.poll_action();
      if (!action) {
        break;
      }
      std::visit([this](const auto& step) { carry_out(step); }, *action);
    }
    is_carrying_out_ = false;
    failure_.reset();
    if (handler_ != nullptr) {
      arm();
    }
  }

  /// What the server wants to see stands in the request's headers.
  void carry_out(const RequestToken& step) { connection_.on_token(step.attempt, now()); }

  void carry_out(const OpenTransport& step) {
    attempt_ = std::make_shared<Attempt>(context_, *this, step.attempt, request_, url_,
                                         options_.limits, std::string(step.last_event_id));
    attempt_->start();
  }

  void carry_out(const CloseTransport& /*step*/) { drop_attempt(); }

  void carry_out(const StateChanged& step) {
    const bool is_end = step.to == ConnectionState::waiting || step.to == ConnectionState::closed;
    const auto failure = is_end ? std::exchange(failure_, std::nullopt) : std::nullopt;
    handler_->on_state(step, failure ? &*failure : nullptr);
  }

  void drop_attempt() {
    if (const auto attempt = std::exchange(attempt_, nullptr)) {
      attempt->cancel();
    }
  }

  void arm() {
    const auto deadline = connection_.next_deadline();
    if (!deadline) {
      // Nothing must keep the io_context running for the sake of a closed stream.
      timer_.cancel();
      armed_.reset();
      return;
    }
    if (armed_ && *armed_ <= *deadline) {
      return;  // It looks again when it goes off: bytes move a deadline without touching the timer.
    }
    armed_ = *deadline;
    const Duration wait = *deadline - std::min(now(), *deadline);
    timer_.expires_at(wait > timer_max ? Clock::now() + timer_max
                                       : origin_ + deadline->time_since_epoch());
    timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error && self->handler_ != nullptr) {
        self->on_timer();
      }
    });
  }

  void on_timer() {
    armed_.reset();
    if (connection_.state() == ConnectionState::connecting) {
      failure_ = {StreamFailureKind::timed_out, url_.shown() + " did not answer in time"};
    } else if (connection_.state() == ConnectionState::open) {
      failure_ = {StreamFailureKind::silent, url_.shown() + " fell silent"};
    }
    connection_.handle_deadline(now());
    carry_out();
  }

  boost::asio::io_context& context_;
  const StreamRequest request_;
  const HttpUrl url_;
  const StreamClientOptions options_;
  StreamHandler* handler_;
  boost::asio::steady_timer timer_;
  std::optional<Instant> armed_;  ///< The deadline that the timer is set to.
  const Clock::time_point origin_ = Clock::now();
  Connection connection_;
  sse::Parser parser_;
  std::shared_ptr<Attempt> attempt_;
  std::optional<StreamFailure> failure_;  ///< Of the input that is being worked on.
  bool is_carrying_out_ = false;
};

void set_initial_delay(StreamClientOptions& options, Duration delay) {
  ConnectionOptions& connection = options.connection;
  connection.reconnection_time = delay;
  connection.backoff.base = std::min(connection.backoff.base, std::max(delay, backoff_base_min));
}

StreamClient::StreamClient(boost::asio::io_context& context, StreamRequest request,
                           const StreamClientOptions& options, StreamHandler& handler)
    : implementation_(
          std::make_shared<Implementation>(context, std::move(request), options, handler)) {}

StreamClient::~StreamClient() {
  implementation_->abandon();
}

void StreamClient::connect() {
  implementation_->connect();
}

void StreamClient::close() {
  implementation_->close();
}

void StreamClient::restart() {
  implementation_->restart();
}

ConnectionState StreamClient::state() const {
  return implementation_->state();
}

}  // namespace regstream::client
