#include "cli/shutdown.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

#include <boost/asio/post.hpp>

#include "log/log.hpp"

namespace regstream::cli {

namespace asio = boost::asio;

namespace {

// Updates of what the sample has stored are waited for this long. What is not acknowledged by then
// is published at the next start.
constexpr Duration acknowledgement_max{2'000};

// Streams whose peer does not read, and answers that are not ready, are cut off so long after the
// last stream was ended.
constexpr Duration unread_max{3'000};

}  // namespace

Shutdown::Shutdown(asio::io_context& context, net::Server& server, backend::Backend* sample_backend,
                   std::vector<gateway::Gateway*> gateways, Duration time)
    : context_(context),
      server_(server),
      sample_backend_(sample_backend),
      gateways_(std::move(gateways)),
      signals_(context, SIGINT, SIGTERM),
      time_(time),
      acknowledgement_limit_(context),
      limit_(context),
      undrained_(gateways_.size()) {
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
      context_.stop();
    }
  });
  stop_after(time_);
  for (gateway::Gateway* const gateway : gateways_) {
    gateway->refuse_new();
  }
  if (sample_backend_ == nullptr) {
    drain();
    return;
  }
  acknowledgement_limit_.expires_after(std::min(acknowledgement_max, time_));
  acknowledgement_limit_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) {
      logging::warn("updates not acknowledged",
                    "some updates are not acknowledged; the next start publishes them");
      drain();
    }
  });
  // Called on another thread, perhaps when this object has gone; the context has not.
  sample_backend_->stop([this, &context = context_] { asio::post(context, [this] { drain(); }); });
}

void Shutdown::drain() {
  if (std::exchange(is_draining_, true)) {
    return;
  }
  acknowledgement_limit_.cancel();
  const Duration left =
      std::chrono::duration_cast<Duration>(limit_.expiry() - asio::steady_timer::clock_type::now());
  const Duration spread = std::max(left - unread_max, Duration::zero());
  Duration longest = Duration::zero();
  for (gateway::Gateway* const gateway : gateways_) {
    longest = std::max(longest, gateway->drain(spread, [this] { on_drained(); }));
  }
  stop_after(std::min(left, longest + unread_max));
}

void Shutdown::on_drained() {
  // Until now it has told probes and clients that this gateway is shutting down.
  if (--undrained_ == 0) {
    server_.stop([this] { context_.stop(); });
  }
}

void Shutdown::stop_after(Duration time) {
  limit_.expires_after(time);
  limit_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) {
      context_.stop();
    }
  });
}

}  // namespace regstream::cli
