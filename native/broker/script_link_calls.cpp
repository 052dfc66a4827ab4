// What a script link asks of Redis; script_link.cpp has what comes of the answers.
#include <chrono>

#include "broker/monotonic_clock.hpp"
#include "broker/script_link.hpp"

namespace regstream::broker {

bool ScriptLink::may_read() const {
  return !leaving_ && reading_.may_call(monotonic_now());
}

void ScriptLink::read(const ReadHistory& read) {
  reading_.on_called();
  call(Answer::page, calls_.read(follower_.known(), read));
}

bool ScriptLink::may_adopt() const {
  return !leaving_ && !line_.is_refusing() && adopting_.may_call(monotonic_now());
}

void ScriptLink::adopt(const Adopt& adopt) {
  adopting_.on_called();
  call(Answer::adoption, calls_.adopt(follower_.known(), adopt));
}

void ScriptLink::call(Answer answer, const Command& command) {
  const bool is_bulk = answer == Answer::page || answer == Answer::adoption;
  Call call{.answer = answer, .sent = std::nullopt};
  if (!is_bulk && (due_.empty() || due_.back().sent)) {
    call.sent = std::chrono::steady_clock::now();
  }
  due_.push_back(call);
  link_->send(command);
}

void ScriptLink::measure(const Call& call) {
  if (!call.sent) {
    return;
  }
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - *call.sent);
  const Instant now = monotonic_now();
  const RoundTrips::Change change = round_trips_.on_answer(took, now);
  if (change == RoundTrips::Change::slow) {
    log_.slow(std::chrono::duration_cast<Duration>(took), now);
  } else if (change == RoundTrips::Change::in_time) {
    log_.in_time(now);
  }
}

void ScriptLink::ask_server() {
  if (probes_ && !leaving_) {
    for (const Command& question : server_.questions()) {
      call(Answer::server, question);
    }
  }
}

void ScriptLink::ask_deployments() {
  const auto now = monotonic_now();
  if (!probes_ || leaving_ || now < deployments_.next_deadline()) {
    return;
  }
  deployments_.on_asked(now);
  for (const Command& question : deployments_.questions()) {
    call(Answer::deployments, question);
  }
}

void ScriptLink::ask_durability() {
  ask_durability_at_.reset();
  call(Answer::durability, HistoryCalls::ask_durability());
}

void ScriptLink::send_publishes() {
  if (leaving_) {
    return;
  }
  while (const auto* const publish = line_.next(monotonic_now())) {
    call(Answer::id,
         calls_.publish(follower_.known(), publish->key, publish->message, line_.key_before()));
  }
}

/// A gateway knows whether it can publish before it has to; and whoever was refused finds out when
/// that is over, be there something to publish or not.
void ScriptLink::probe_if_due() {
  const auto now = monotonic_now();
  if (leaving_) {
    return;
  }
  const bool is_due = line_.is_refusing() || (probes_ && readiness_.is_probe_due(now));
  if (is_due && line_.may_probe(now)) {
    line_.on_probed();
    readiness_.on_probed(now);
    call(Answer::probe, calls_.probe());
  }
}

}  // namespace regstream::broker
