#include "cli/shutdown.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "log/log.hpp"

namespace regstream::cli {

namespace asio = boost::asio;

namespace {

// How long to wait until the broker has acknowledged the sample's stored updates. The next start
// publishes the rest.
constexpr Duration acknowledgement_max{2'000};

// How long after the last stream's end peers that don't read, and responses that are not ready, are
// cut off.
constexpr Duration unread_max{3'000};

}  // namespace

Shutdown::Shutdown(ServingLoops& serving, backend::Backend* sample_backend,
                   const WorkflowGateways& workflows, Duration time)
    : serving_(serving),
      loops_(serving.loops()),
      sample_backend_(sample_backend),
      workflows_(workflows),
      signals_(loops_.first(), SIGINT, SIGTERM),
      time_(time),
      acknowledgement_limit_(loops_.first()),
      limit_(loops_.first()),
      undrained_(workflows.gateways(0).size() * loops_.size()) {
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) {
      begin();
    }
  });
}

void Shutdown::begin() {
  logging::info("shutting down", "shutting down");
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) {
      loops_.stop();
    }
  });
  stop_after(time_);
  loops_.on_each([this](std::size_t loop) {
    for (gateway::Gateway* const gateway : workflows_.gateways(loop)) {
      gateway->refuse_new();
    }
  });
  if (sample_backend_ == nullptr) {
    drain();
    return;
  }
  acknowledgement_limit_.expires_after(std::min(acknowledgement_max, time_));
  acknowledgement_limit_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) {
      logging::warn(
          "updates not acknowledged",
          "the broker has not acknowledged all updates; the next start publishes the rest");
      drain();
    }
  });
  // Called on another thread, perhaps after this object was destroyed; the context still exists
  // then.
  sample_backend_->stop(
      [this, &context = loops_.first()] { asio::post(context, [this] { drain(); }); });
}

void Shutdown::drain() {
  if (std::exchange(is_draining_, true)) {
    return;
  }
  acknowledgement_limit_.cancel();
  const Duration left =
      std::chrono::duration_cast<Duration>(limit_.expiry() - asio::steady_timer::clock_type::now());
  const Duration spread = std::max(left - unread_max, Duration::zero());
  loops_.ask_each(
      [this, spread](std::size_t loop) { return drain(loop, spread); },
      [this, left](const std::vector<Duration>& longest) {
        stop_after(std::min(left, *std::max_element(longest.begin(), longest.end()) + unread_max));
      });
}

// Called on the loop's thread.
Duration Shutdown::drain(std::size_t loop, Duration spread) {
  Duration longest = Duration::zero();
  for (gateway::Gateway* const gateway : workflows_.gateways(loop)) {
    const auto drained = [this] { asio::post(loops_.first(), [this] { on_drained(); }); };
    longest = std::max(longest, gateway->drain(spread, drained));
  }
  return longest;
}

void Shutdown::on_drained() {
  // Until now the servers have told probes and clients that this gateway is shutting down.
  if (--undrained_ == 0) {
    serving_.stop([this] { loops_.stop(); });
  }
}

void Shutdown::stop_after(Duration time) {
  limit_.expires_after(time);
  limit_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) {
      loops_.stop();
    }
  });
}

}  // namespace regstream::cli
