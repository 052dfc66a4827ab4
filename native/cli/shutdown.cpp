#include "cli/shutdown.hpp"

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
constexpr std::chrono::seconds acknowledgement_max{2};

// Streams whose peer does not read, and answers that are not ready, are cut off after this.
constexpr std::chrono::seconds shutdown_max{3};

}  // namespace

Shutdown::Shutdown(asio::io_context& context, net::Server& server, backend::Backend* sample_backend,
                   std::vector<gateway::Gateway*> gateways)
    : context_(context),
      server_(server),
      sample_backend_(sample_backend),
      gateways_(std::move(gateways)),
      signals_(context, SIGINT, SIGTERM),
      limit_(context),
      unfinished_(gateways_.size() + 1) {
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
  server_.stop([this] { one_ended(); });
  if (sample_backend_ == nullptr) {
    drain();
    return;
  }
  limit_.expires_after(acknowledgement_max);
  limit_.async_wait([this](const boost::system::error_code& cancelled) {
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
  limit_.expires_after(shutdown_max);
  limit_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) {
      context_.stop();
    }
  });
  for (gateway::Gateway* const gateway : gateways_) {
    gateway->drain([this] { one_ended(); });
  }
}

void Shutdown::one_ended() {
  if (--unfinished_ == 0) {
    context_.stop();
  }
}

}  // namespace regstream::cli
