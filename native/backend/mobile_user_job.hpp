#pragma once

#include <cstdint>
#include <functional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <regstream/time.hpp>

#include "backend/outbox.hpp"
#include "backend/store.hpp"

namespace regstream::backend {

/// The scheduled job that creates mobile users for APPROVED registrations. Use it on the executor's
/// thread only.
class MobileUserJob {
 public:
  /// All arguments must outlive the job. `interval` is `BackendOptions::job_interval`.
  MobileUserJob(const boost::asio::any_io_executor& executor, Store& store, Outbox& outbox,
                Duration interval, std::function<std::int64_t()> now_timestamp_ms);

  /// Runs regularly until the job is destroyed. After that the executor must not run queued
  /// handlers.
  void start();
  /// Stops running.
  void stop();

  /// Runs once: each registration that was APPROVED an interval ago becomes COMPLETED. Throws
  /// std::runtime_error if the store fails; the next run continues then.
  void look();

 private:
  void complete(const Registration& registration);

  boost::asio::steady_timer timer_;
  Store& store_;
  Outbox& outbox_;
  bool is_stopped_ = false;
  Duration interval_;
  std::function<std::int64_t()> now_timestamp_ms_;
};

}  // namespace regstream::backend
