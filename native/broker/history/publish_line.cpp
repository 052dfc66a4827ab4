#include "broker/history/publish_line.hpp"

#include <utility>

namespace regstream::broker {
namespace {

constexpr const char* not_now =
    "the update was not published: redis is away, or takes no updates for now; try again later";
constexpr const char* unknown =
    "the update was sent to redis, but its acknowledgement was lost, and redis did not come back "
    "in time: whether subscribers heard it is not known";

}  // namespace

PublishLine::PublishLine(PublishLimits limits, Duration resend_max, BackoffOptions backoff,
                         std::uint64_t seed)
    : queue_(limits, resend_max), gate_(backoff, seed) {}

std::optional<PublishError> PublishLine::push(std::string message, std::string key,
                                              PublishHandler& done, Patience patience) {
  if (patience == Patience::refuses && (!is_up_ || is_refusing())) {
    return PublishError{not_now};
  }
  return queue_.push(std::move(message), std::move(key), done, patience);
}

void PublishLine::on_down(Instant now) noexcept {
  is_up_ = false;
  queue_.lost();
  gate_.on_lost();
  withdraw();
  expire(now);
}

const PublishQueue::Batch* PublishLine::next(Instant now) noexcept {
  if (!is_up_ || !gate_.may_call(now)) {
    return nullptr;
  }
  if (queue_.in_flight() == 0) {
    expire(now);
  }
  const auto* const batch = queue_.next_batch(now);
  if (batch != nullptr) {
    gate_.on_called();
  }
  return batch;
}

bool PublishLine::may_probe(Instant now) const {
  return is_up_ && gate_.may_call(now);
}

bool PublishLine::on_accepted(std::vector<PublishResult> results) noexcept {
  queue_.accepted(std::move(results));
  return gate_.on_accepted();
}

void PublishLine::on_acknowledged() noexcept {
  ended_.splice(ended_.end(), queue_.acknowledged());
}

void PublishLine::on_refused(const PublishError& error) {
  ended_.splice(ended_.end(), queue_.refused(error));
  gate_.on_other_answer();
}

void PublishLine::on_refused_in_passing(Instant now) {
  queue_.hold_back();
  gate_.on_refused(now);
  withdraw();
}

void PublishLine::on_out_of_order() {
  queue_.hold_back();
  gate_.on_other_answer();
  if (is_refusing()) {
    withdraw();
  }
}

void PublishLine::on_probe_refused(Instant now) {
  gate_.on_refused(now);
  withdraw();
}

void PublishLine::on_write_refused(Instant now) {
  gate_.on_called();
  on_probe_refused(now);
}

std::optional<PublishLine::Ended> PublishLine::poll_ended() {
  std::optional<Ended> ended;
  if (!ended_.empty()) {
    ended = {.done = std::move(ended_.front().done), .result = std::move(ended_.front().result)};
    ended_.pop_front();
  } else if (!withdrawn_.empty()) {
    ended = {.done = {}, .result = PublishError{not_now}};  // First, since it may run out of
                                                            // memory.
    ended->done = std::move(withdrawn_.front().done);
    withdrawn_.pop_front();
  } else if (!unknown_.empty()) {
    ended = {.done = {}, .result = PublishError{unknown}, .is_unknown = true};
    ended->done = std::move(unknown_.front().done);
    unknown_.pop_front();
  }
  return ended;
}

std::optional<Instant> PublishLine::next_deadline() const {
  return is_up_ ? gate_.next_deadline() : std::nullopt;
}

void PublishLine::withdraw() noexcept {
  withdrawn_.splice(withdrawn_.end(), queue_.withdraw());
}

void PublishLine::expire(Instant now) noexcept {
  unknown_.splice(unknown_.end(), queue_.expired(now));
}

}  // namespace regstream::broker
