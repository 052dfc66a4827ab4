// How a client gets its tokens, and what they allow.
#include <algorithm>
#include <string>
#include <utility>

#include "simulation/client_process.hpp"
#include "simulation/guest_workflow.hpp"

namespace regstream::simulation {
namespace {

/// A stored token is used again if it is valid for at least this long.
constexpr Duration stored_life_min{5'000};

}  // namespace

void ClientProcess::set_calm(bool is_calm) {
  // A slow reader gets the warning late, and so does a throttled timer.
  attempts_.set_calm(is_calm && !network_.is_slow && plan_.throttled_per_mille == 0);
}

void ClientProcess::carry_out(const RequestToken& step) {
  if (step.is_refused) {
    attempts_.on_token_replaced();
  }
  const bool is_stored = token_ && token_->expires_at > world_.now() + stored_life_min;
  if (is_stored && !step.is_refused) {
    session_->on_token(step.attempt, clock_.now());
    return;
  }
  if (canary_ == Canary::no_renewal && session_->state() == ConnectionState::open) {
    world_.note(name_ + ": the canary asks for no token");
    return;
  }
  issuer_.request(rights_,
                  [this, attempt = step.attempt, session = sessions_](std::optional<Token> token) {
                    if (session == sessions_) {
                      on_token(attempt, std::move(token));
                    }
                  });
}

void ClientProcess::on_token(AttemptId attempt, std::optional<Token> token) {
  const bool renews = session_->state() == ConnectionState::open;
  if (token) {
    token_ = std::move(token);
    session_->on_token(attempt, clock_.now());
  } else if (session_->on_token_failed(attempt, TokenFailure::may_pass, clock_.now()) && renews) {
    world_.count(Situation::renewal_failed);
  }
  carry_out();
}

void ClientProcess::check_allowed(const SessionMessage& message) const {
  if (!issuer_.is_in_use() || message.content->type != StreamMessageType::update) {
    return;
  }
  const Token& token = issuer_.token(stream_->request().token);
  const std::int64_t number = number_in(workflow_, message.content->update);
  if (!token.rights.empty() &&
      !std::binary_search(token.rights.begin(), token.rights.end(), number)) {
    throw Violation(name_ + ": hears of " + std::to_string(number) +
                    ", which its token does not allow");
  }
  const auto id = parse_event_id(message.last_event_id);
  if (!id || !truth_.can_judge(*id)) {
    return;
  }
  const Truth::Epoch& epoch = *truth_.epoch(id->epoch);
  if (id->sequence <= epoch.entries.size() &&
      epoch.entry(id->sequence).entered > issuer_.delivers_until(token)) {
    throw Violation(name_ + ": hears the update " + to_string(*id) +
                    ", which entered the history when its token had ended");
  }
}

}  // namespace regstream::simulation
