#include "broker/history/link.hpp"

namespace regstream::broker {

namespace {

/// Whether the answer's time measures how quick Redis is: the question is a short call of the
/// caller, and carries no more than an update.
bool is_short(Question question) {
  switch (question) {
    case Question::page:
    case Question::adoption:
    case Question::open:
    case Question::channels:
    case Question::channel_probe:
    case Question::entries:
    case Question::identity:
    case Question::location:
    case Question::slots:
    case Question::replicas:
      return false;
    default:
      return true;
  }
}

}  // namespace

void Link::open() {
  if (std::holds_alternative<Idle>(state_)) {
    state_ = Waiting{.until = Instant::min()};
  }
}

bool Link::poll_connect(Instant now) {
  const auto* const waiting = std::get_if<Waiting>(&state_);
  if (waiting == nullptr || now < waiting->until) {
    return false;
  }
  state_ = Connecting{};
  return true;
}

bool Link::on_connected(Instant now) {
  if (!std::holds_alternative<Connecting>(state_)) {
    return false;
  }
  state_ = Up{.since = now};
  return true;
}

bool Link::on_lost(Instant now) {
  const auto* const up = std::get_if<Up>(&state_);
  if (up == nullptr && !std::holds_alternative<Connecting>(state_)) {
    return false;
  }
  if (up != nullptr && now - up->since >= stable_after_) {
    backoff_.reset();
    may_follow_move_ = true;
  }
  state_ = Waiting{.until = now + backoff_.next_delay(Duration::zero())};
  due_.clear();
  return true;
}

void Link::hasten() {
  if (auto* const waiting = std::get_if<Waiting>(&state_)) {
    waiting->until = Instant::min();
  }
}

void Link::hasten_to_moved() {
  auto* const waiting = std::get_if<Waiting>(&state_);
  if (waiting != nullptr && waiting->until != Instant::min() &&
      std::exchange(may_follow_move_, false)) {
    hasten();
  }
}

std::optional<Instant> Link::up_since() const {
  const auto* const up = std::get_if<Up>(&state_);
  return up == nullptr ? std::nullopt : std::optional{up->since};
}

std::optional<Instant> Link::next_deadline() const {
  const auto* const waiting = std::get_if<Waiting>(&state_);
  return waiting == nullptr ? std::nullopt : std::optional{waiting->until};
}

bool Link::ask(const HistoryCommand& command) {
  const Question question = question_of(command);
  const bool is_timed = is_short(question) && (due_.empty() || due_.back().is_timed);
  due_.push_back(
      {.question = question, .replies_left = replies_to(question), .is_timed = is_timed});
  return is_timed;
}

std::optional<Question> Link::on_reply() {
  if (due_.empty()) {
    return std::nullopt;
  }
  const Question question = due_.front().question;
  if (--due_.front().replies_left == 0) {
    due_.pop_front();
  }
  return question;
}

}  // namespace regstream::broker
