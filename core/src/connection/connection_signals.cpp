#include <algorithm>

#include <regstream/connection/connection.hpp>
#include <regstream/sse/heartbeat.hpp>

#include "connection/deadline.hpp"

/// The signals of the environment, and the watchdog for a silent stream.
namespace regstream {
namespace {

/// No interval that a stream announces makes the watchdog quicker than this. A packet that is lost
/// twice arrives after three seconds (RFC 6298: it is sent again after one second, and then after
/// two more), and a slow stream must not count as a dead one.
constexpr Duration learned_silence_min{3'000};

/// Pings that are further apart show that a clock was set, or that a device slept.
constexpr Duration ping_interval_max{300'000};

/// Two and a half intervals, so that one ping may get lost. Below 1 ms the interval is unknown.
Duration silence_of(Duration interval) {
  return interval <= Duration::zero() || interval > Duration::max() / 5 ? Duration::max()
                                                                        : interval * 5 / 2;
}

/// The limit until the stream shows its interval, and the upper limit after that.
Duration longest_silence(const ConnectionOptions& options) {
  return options.silence_limit.value_or(silence_of(options.ping_interval));
}

}  // namespace

void Connection::on_online(Instant now) {
  observe(now);
  const bool was_offline = is_offline_;
  is_offline_ = false;
  if (was_offline) {
    is_held_back_ = false;  // It may be another network.
    transition(ConnectionEvent::online);
  }
  on_visible(now);
}

void Connection::on_offline(Instant now) {
  observe(now);
  // A second signal says nothing new, and must not delay the next attempt.
  if (!is_offline_ && transition(ConnectionEvent::offline)) {
    deadline_ = std::max(deadline_, after(now_, options_.offline_probe_interval));
  }
  is_offline_ = true;
}

void Connection::on_visible(Instant now) {
  observe(now);
  if (state_ == ConnectionState::open && now_ > after(quiet_until_, options_.late_grace)) {
    transition(ConnectionEvent::fell_silent);
  }
  // After a sleep the deadline is long past.
  handle_deadline(now);
  wake();
}

void Connection::on_restored(Instant now) {
  observe(now);
  // A page in the cache receives no signals: it may have come online meanwhile.
  is_offline_ = false;
  transition(ConnectionEvent::restored);
  wake();
}

/// Ends a wait, or moves its end to the earliest time that the server allows. The backoff is
/// unchanged, since a signal says nothing about the server.
void Connection::wake() {
  if (now_ >= earliest_wake_) {
    transition(ConnectionEvent::wake);
  } else if (state_ == ConnectionState::waiting) {
    deadline_ = std::min(deadline_, earliest_wake_);
  }
}

bool Connection::on_activity(AttemptId attempt, Instant now) {
  observe(now);
  if (!is_current(attempt)) {
    return false;
  }
  if (state_ == ConnectionState::open) {
    restart_watchdog();
  }
  return true;
}

bool Connection::on_comment(AttemptId attempt, std::string_view text) {
  if (!is_current(attempt) || state_ != ConnectionState::open) {
    return false;
  }
  if (const auto interval = sse::parse_heartbeat(text)) {
    heartbeat_ = *interval;
    update_silence_limit();
  }
  return true;
}

bool Connection::on_ping(AttemptId attempt, std::int64_t timestamp_ms) {
  if (!is_current(attempt) || state_ != ConnectionState::open) {
    return false;
  }
  const Ping ping{.received = now_, .timestamp_ms = timestamp_ms};
  if (last_ping_) {
    // Pings that waited in a queue arrive together, and not every server's clock counts
    // milliseconds.
    const bool is_later = last_ping_->timestamp_ms > 0 && timestamp_ms > last_ping_->timestamp_ms;
    const Duration sent{is_later ? timestamp_ms - last_ping_->timestamp_ms : 0};
    const Duration interval = std::max(sent, now_ - last_ping_->received);
    if (interval > Duration::zero() && interval <= ping_interval_max) {
      ping_interval_ = interval;
      update_silence_limit();
    }
  }
  last_ping_ = ping;
  return true;
}

/// A stream has opened. Until it shows its own interval, the options say how long it may be silent.
void Connection::begin_listening() {
  ping_interval_ = options_.ping_interval;
  heartbeat_.reset();
  last_ping_.reset();
  silence_limit_ = kind_ == TransportKind::polling ? answer_timeout() : longest_silence(options_);
  restart_watchdog();
}

/// The longest silence of a live stream, as far as known.
Duration Connection::expected_silence() const {
  const Duration pings = ping_interval_ > Duration::zero() ? ping_interval_ : Duration::max();
  return std::min(pings, heartbeat_.value_or(Duration::max()));
}

void Connection::update_silence_limit() {
  if (kind_ == TransportKind::polling) {
    return;  // A poll delivers its events when it ends.
  }
  silence_limit_ = std::min(std::max(silence_of(expected_silence()), learned_silence_min),
                            longest_silence(options_));
  restart_watchdog();
}

void Connection::restart_watchdog() {
  deadline_ = after(now_, silence_limit_);
  quiet_until_ =
      silence_limit_ == Duration::max() ? Instant::max() : after(now_, expected_silence());
  used_grace_ = false;
}

}  // namespace regstream
