#include "broker/outage_log.hpp"

#include <cstddef>
#include <string_view>
#include <utility>
#include <variant>

#include "log/dropped.hpp"
#include "log/duration_text.hpp"
#include "log/log.hpp"

namespace regstream::broker {
namespace {

std::string waited(std::size_t count) {
  return count == 0 ? "" : " (updates that waited for it: " + std::to_string(count) + ")";
}

std::string of_instance(const std::string& workflow, std::int64_t id) {
  return id == 0 ? "" : ", " + workflow + " " + std::to_string(id) + ",";
}

std::uint32_t bit(RedisFailureKind kind) {
  return 1U << static_cast<unsigned>(kind);
}

logging::Condition away(RedisFailureKind kind) {
  const logging::Condition condition = "redis is away";
  return condition.of_kind(static_cast<std::uint8_t>(kind));
}

/// Redis refuses calls. `passing` says why, or is null.
logging::Condition refusal(const PassingError* passing) {
  const logging::Condition condition = "redis refuses";
  const auto known = passing_errors();
  for (std::size_t index = 0; index < known.size(); ++index) {
    if (&known[index] == passing) {
      return condition.of_kind(static_cast<std::uint8_t>(index + 1));
    }
  }
  return condition;
}

}  // namespace

void OutageLog::on_fact(const SessionFact& fact, Instant now) {
  struct Say {
    OutageLog& log;
    Instant now;

    void operator()(const RedisFailed& fact) const { log.failed(fact.failure, now); }
    void operator()(const RedisRefuses& fact) const { log.refusing(fact.failure, now); }
    void operator()(const RedisAccepts& fact) const { log.accepting(fact.waiting, now); }
    void operator()(const RedisFollowed& fact) const { log.back(fact.waited, now); }
    void operator()(const NotAwaited& fact) const { log.not_awaited(fact.failure); }
    void operator()(const AwaitedAgain& /*fact*/) const { log.awaited(); }
    void operator()(const PublishRejected& fact) const { log.refused(fact.what); }
    void operator()(const PublishesUnknown& fact) const { log.unknown(fact.count); }
    void operator()(const MessageRefused& fact) const {
      logging::warn_dropped(fact.error, log.workflow_, "on the channel");
    }
    void operator()(const MessageForged& fact) const {
      log.forged(fact.count, fact.registration_id);
    }
    void operator()(const ChannelOverflowed& fact) const { log.overflowing(fact.count); }
  };
  std::visit(Say{*this, now}, fact);
}

void OutageLog::failed(const RedisFailure& failure, Instant now) {
  is_away_ = true;
  away_.begin(now);
  constexpr const char* line = "{}; retrying until it is back";
  if (failure.passing != nullptr) {
    if (!refusals_said_.contains(failure.passing->code) &&
        logging::warn(about(refusal(failure.passing)), line, failure.what)) {
      refusals_said_.emplace(failure.passing->code);
      shows_refusing_ = true;
    }
  } else if ((said_ & bit(failure.kind)) == 0 &&
             logging::warn(about(away(failure.kind)), line, failure.what)) {
    said_ |= bit(failure.kind);
    shows_away_ = true;
  }
}

void OutageLog::back(std::size_t waiting, Instant now) {
  is_away_ = false;
  away_.end(now);
  said_ = 0;
  if (!is_refusing_) {  // It refused only the connection, and `accepting` will not be called.
    refusals_said_.clear();
    shows_away_ = shows_away_ || std::exchange(shows_refusing_, false);
  }
  waited_for_connection_ = waiting;
  say_ends();
}

void OutageLog::refusing(const RedisFailure& failure, Instant now) {
  is_refusing_ = true;
  refusing_.begin(now);
  const auto code = failure.passing != nullptr ? failure.passing->code : std::string_view{};
  if (!refusals_said_.contains(code) &&
      logging::warn(about(refusal(failure.passing)), "{}; retrying until it does", failure.what)) {
    refusals_said_.emplace(code);
    shows_refusing_ = true;
  }
}

void OutageLog::accepting(std::size_t waiting, Instant now) {
  is_refusing_ = false;
  refusing_.end(now);
  refusals_said_.clear();
  waited_for_writes_ = waiting;
  say_ends();
}

void OutageLog::say_ends() {
  if (shows_away_ && !is_away_ &&
      logging::info(about("redis is connected"), "connected to redis at {}{}{}", address_,
                    away_.text(), waited(waited_for_connection_))) {
    shows_away_ = false;
  }
  if (shows_refusing_ && !is_refusing_ &&
      logging::info(about("redis takes updates"), "redis at {} takes updates again{}{}", address_,
                    refusing_.text(), waited(waited_for_writes_))) {
    shows_refusing_ = false;
  }
  if (shows_slow_ && !is_slow_ &&
      logging::info(about("redis is in time"), "redis at {} answers in time again{}", address_,
                    slow_.text())) {
    shows_slow_ = false;
  }
}

void OutageLog::slow(Duration took, Instant now) {
  is_slow_ = true;
  slow_.begin(now);
  shows_slow_ |= logging::warn(
      about("redis is slow"),
      "redis at {} took {} to answer, so updates are late: is it overloaded, or far away?",
      address_, logging::duration_text(took));
}

void OutageLog::in_time(Instant now) {
  is_slow_ = false;
  slow_.end(now);
  say_ends();
}

void OutageLog::Span::end(Instant now) {
  if (since_) {
    lasted_ = now - *since_;
    since_.reset();
  }
}

std::string OutageLog::Span::text() const {
  return lasted_ ? " after " + logging::duration_text(*lasted_) : "";
}

void OutageLog::unknown(std::size_t count) const {
  logging::warn(about("updates not acknowledged by redis"),
                "redis at {} did not acknowledge all updates (missing: {}), and was away too long "
                "to send them again: whether subscribers heard them is not known",
                address_, count);
}

void OutageLog::stopped(std::size_t count) const {
  logging::warn(about("stopped too early"),
                "stopped before redis acknowledged all updates ({}): they may be lost", count);
}

void OutageLog::refused(const std::string& what) const {
  logging::error(about("update not published"), "an update was not published: {}", what);
}

void OutageLog::not_awaited(const RedisFailure& failure) {
  // For any other kind, Redis is away, which the other connections report.
  if (failure.kind == RedisFailureKind::rejected && !said_not_awaited_) {
    said_not_awaited_ =
        logging::warn(about("history not awaited"),
                      "{}; until it does, updates take a round trip longer", failure.what);
  }
}

void OutageLog::forged(std::uint64_t count, std::int64_t registration_id) const {
  logging::warn(about("message forged"),
                "a message on the channel{} has the id of another update, and was skipped ({} so "
                "far)",
                of_instance(workflow_, registration_id), count);
}

void OutageLog::overflowing(std::uint64_t count) const {
  logging::error(about("messages overflowing"),
                 "the channel's connection ended before all that redis buffered for it was read: "
                 "messages arrived faster than they could be adopted, and some may be lost; every "
                 "stream gets a reset ({} times so far). Publish with the publishers, which wait, "
                 "or raise redis's client-output-buffer-limit for pubsub",
                 count);
}

}  // namespace regstream::broker
