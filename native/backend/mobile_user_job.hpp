#pragma once

#include <cstdint>
#include <functional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <regstream/time.hpp>

#include "backend/outbox.hpp"
#include "backend/store.hpp"

namespace regstream::backend {

/// The scheduled job that creates mobile users of APPROVED registrations. Used on one thread: the
/// executor's.
class MobileUserJob {
 public:
  /// Everything referred to must outlive the job. `interval` as `BackendOptions::job_interval`.
  MobileUserJob(const boost::asio::any_io_executor& executor, Store& store, Outbox& outbox,
                Duration interval, std::function<std::int64_t()> now_timestamp_ms);

  /// Looks now and then, until the job is destroyed. After that the executor must not run the
  /// handlers that are still queued.
  void start();
  /// Looks no more.
  void stop();

  /// Looks once: each registration that was APPROVED an interval ago becomes COMPLETED.
  /// Throws std::runtime_error if the store fails; what is not done then is found the next time.
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
