#include "client/stream_shell.hpp"

#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "client/request_fields.hpp"
#include "client/stream_answer.hpp"

namespace regstream::client {
namespace {

/// The furthest that a timer is set ahead: a deadline of `Instant::max()` would overflow the clock.
constexpr Duration timer_max = std::chrono::hours{24};

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
    throw std::invalid_argument("the last event id has a control character");
  }
  return std::get<HttpUrl>(std::move(url));
}

}  // namespace

StreamShell::StreamShell(boost::asio::io_context& context, StreamRequest request,
                         const StreamClientOptions& options, StateHandler& handler)
    : context_(context),
      request_(std::move(request)),
      url_(checked_url(request_)),
      limits_(options.limits),
      token_source_(options.token),
      trust_(options.ca_file),
      handler_(&handler),
      timer_(context) {}

ConnectionOptions StreamShell::connection_of(const StreamClientOptions& options) {
  ConnectionOptions connection = options.connection;
  connection.needs_token = options.token != nullptr;
  return connection;
}

void StreamShell::connect() {
  session().connect(now());
  carry_out();
}

void StreamShell::close() {
  session().close(now());
  carry_out();
}

void StreamShell::restart() {
  session().restart(now());
  carry_out();
}

void StreamShell::abandon() {
  handler_ = nullptr;
  timer_.cancel();
  drop_attempt();
}

void StreamShell::on_answer(AttemptId attempt, const AnswerHead& answer) {
  const auto self = shared_from_this();
  StreamAnswer judged = judge_stream_answer(answer);
  if (session().on_response(attempt, judged.head, now())) {
    failure_ = std::move(judged.refusal);
  }
  carry_out();
}

void StreamShell::on_bytes(AttemptId attempt, std::string_view bytes) {
  const auto self = shared_from_this();
  try {
    if (session().on_bytes(attempt, bytes, now())) {
      while (handler_ != nullptr && deliver_next()) {
      }
    }
  } catch (const std::bad_alloc&) {
    fail(attempt);
  }
  carry_out();
}

void StreamShell::on_end(AttemptId attempt, TransportEnd end, StreamFailure failure) {
  const auto self = shared_from_this();
  if (session().on_end(attempt, end, now())) {
    failure_ = std::move(failure);
  }
  carry_out();
}

Instant StreamShell::now() const {
  return Instant{std::chrono::duration_cast<Duration>(Clock::now() - origin_)};
}

/// A handler's call into the client comes here again. The outer call then continues with what that
/// has queued.
void StreamShell::carry_out() {
  if (is_carrying_out_) {
    return;
  }
  const auto self = shared_from_this();
  is_carrying_out_ = true;
  while (handler_ != nullptr) {
    const auto action = session().poll_action();
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

void StreamShell::carry_out(const RequestToken& step) {
  // If the source throws there is no token, and the attempt times out.
  call_handler([&] {
    token_source_(step.is_refused, [weak = weak_from_this(),
                                    attempt = step.attempt](const TokenAnswer& answer) {
      if (const auto self = weak.lock(); self != nullptr && self->handler_ != nullptr) {
        self->on_token(attempt, answer);
      }
    });
  });
}

void StreamShell::on_token(AttemptId attempt, const TokenAnswer& answer) {
  const auto* const token = std::get_if<std::string>(&answer);
  if (token != nullptr && is_sendable_token(*token)) {
    if (session().on_token(attempt, now())) {
      set_bearer(request_.headers, *token);  // No transport uses the request before `carry_out`.
    }
  } else {
    const NoToken none = token == nullptr
                             ? std::get<NoToken>(answer)
                             : NoToken{.failure = TokenFailure::for_good,
                                       .why = "the token is empty or has a control character"};
    if (session().on_token_failed(attempt, none.failure, now())) {
      failure_ = {StreamFailureKind::no_token, none.why};
    }
  }
  carry_out();
}

void StreamShell::carry_out(const OpenTransport& step) {
  try {
    HttpUrl url = url_;
    url.target = request_target(url_.target);
    attempt_ = std::make_shared<Attempt>(context_, *this, step.attempt, request_, url, trust_,
                                         limits_, std::string(step.last_event_id));
    attempt_->start();
  } catch (const std::bad_alloc&) {
    fail(step.attempt);
  }
}

void StreamShell::carry_out(const CloseTransport& /*step*/) {
  drop_attempt();
}

void StreamShell::carry_out(const StateChanged& step) {
  const bool is_end = step.to == ConnectionState::waiting || step.to == ConnectionState::closed;
  const auto failure = is_end ? std::exchange(failure_, std::nullopt) : std::nullopt;
  call_handler([&] { handler_->on_state(step, failure ? &*failure : nullptr); });
}

/// There was no memory for the attempt, or for its data.
void StreamShell::fail(AttemptId attempt) {
  drop_attempt();
  if (session().on_end(attempt, TransportEnd::failed, now())) {
    failure_ = {StreamFailureKind::broken, "out of memory"};
  }
}

void StreamShell::drop_attempt() {
  if (const auto attempt = std::exchange(attempt_, nullptr)) {
    attempt->cancel();
  }
}

void StreamShell::arm() {
  const auto deadline = session().next_deadline();
  if (!deadline) {
    // A closed stream must not keep the io_context running.
    timer_.cancel();
    armed_.reset();
    return;
  }
  if (armed_ && *armed_ <= *deadline) {
    return;  // The timer looks again when it is due, so bytes can move a deadline without touching
             // the timer.
  }
  armed_.reset();
  const Duration wait = time_until(*deadline, now());
  timer_.expires_at(wait > timer_max ? Clock::now() + timer_max
                                     : origin_ + deadline->time_since_epoch());
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error && self->handler_ != nullptr) {
      self->on_timer();
    }
  });
  armed_ = deadline;  // There may have been no memory to wait.
}

void StreamShell::on_timer() {
  armed_.reset();
  if (session().state() == ConnectionState::authorizing) {
    failure_ = {StreamFailureKind::timed_out, "the token did not come in time"};
  } else if (session().state() == ConnectionState::connecting) {
    failure_ = {StreamFailureKind::timed_out, url_.shown() + " did not answer in time"};
  } else if (session().state() == ConnectionState::open) {
    failure_ = {StreamFailureKind::silent, url_.shown() + " has sent nothing for too long"};
  }
  session().handle_deadline(now());
  carry_out();
}

}  // namespace regstream::client
