#include "backend/backend.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <thread>
#include <utility>

#include "backend/mobile_user_job.hpp"
#include "backend/outbox.hpp"
#include "backend/pipeline.hpp"
#include "backend/routes.hpp"
#include "backend/sample_data.hpp"
#include "backend/store.hpp"
#include "log/log.hpp"

namespace regstream::backend {
namespace {

std::int64_t read_clock() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

class Backend::Implementation {
 public:
  Implementation(const BackendOptions& options, broker::Broker& broker)
      : store_(options.database),
        core_banking_(context_.get_executor(), options.core_banking),
        outbox_(context_.get_executor(), store_, broker),
        pipeline_(context_.get_executor(), store_, core_banking_, outbox_,
                  {.stage_pace = options.stage_pace,
                   .lookup_timeout = options.lookup_timeout,
                   .now_timestamp_ms = read_clock}),
        job_(context_.get_executor(), store_, outbox_, options.job_interval, read_clock),
        routes_(context_.get_executor(), store_, pipeline_, read_clock) {
    store_.fill(sample_registrations(read_clock()), sample_mobile_customers());
    pipeline_.end_interrupted();
    job_.start();
    thread_ = std::thread{[this] { run(); }};
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;
  ~Implementation() {
    context_.stop();
    thread_.join();
  }

  Routes& routes() { return routes_; }

  void stop(std::function<void()> published) {
    boost::asio::post(context_, [this, published = std::move(published)]() mutable {
      pipeline_.stop();
      job_.stop();
      outbox_.when_empty(std::move(published));
    });
  }

 private:
  void run() {
    // An exception costs only its handler's own work; Asio allows calling `run` again.
    while (!context_.stopped()) {
      try {
        context_.run();
      } catch (const std::exception& error) {
        logging::error("backend error", "the sample backend failed: {}", error.what());
      }
    }
  }

  // First, so that it is destroyed last, with the handlers that never ran.
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      context_.get_executor()};
  Store store_;
  SampleCoreBanking core_banking_;
  Outbox outbox_;
  Pipeline pipeline_;
  MobileUserJob job_;
  Routes routes_;
  std::thread thread_;
};

Backend::Backend(const BackendOptions& options, broker::Broker& broker)
    : implementation_(std::make_unique<Implementation>(options, broker)) {}

Backend::~Backend() = default;

void Backend::add_routes(net::Router& router, const access::Guard& guard) {
  implementation_->routes().add_to(router, guard);
}

void Backend::stop(std::function<void()> published) {
  implementation_->stop(std::move(published));
}

}  // namespace regstream::backend
