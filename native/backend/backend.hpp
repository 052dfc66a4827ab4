#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include <regstream/broker/broker.hpp>
#include <regstream/time.hpp>

#include "access/guard.hpp"
#include "backend/sample_core_banking.hpp"
#include "net/router.hpp"

/// The sample process backend: what a bank has already, in small.
namespace regstream::backend {

struct BackendOptions {
  /// SQLite; made, and filled with the sample data, if missing. Its folder must exist.
  std::filesystem::path database;
  SampleCoreBankingOptions core_banking;
  /// How long core banking may take to answer before validation ends in FAILED.
  Duration lookup_timeout{10'000};
  /// The pause between two steps of a validation, so that people can follow it. With the default
  /// and the default latency a validation takes a little over four seconds.
  Duration stage_pace{600};
  /// How long an APPROVED registration waits for its mobile user. The scheduled job looks four
  /// times as often, so the wait is at most a quarter longer.
  Duration job_interval{15'000};
};

/// Registrations, their validation pipeline, and the scheduled job. Works on a thread of its own,
/// so that no disk ever delays the stream.
class Backend {
 public:
  /// Opens the database, publishes what was not acknowledged before the last stop or crash, ends
  /// validations that it interrupted (FAILED, says why), and starts the thread. Throws
  /// std::runtime_error with one clear sentence if the database can't be used. `broker` must
  /// outlive the backend.
  Backend(const BackendOptions& options, broker::Broker& broker);
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  /// Stops the thread after the step under way; validations that run are ended at the next start.
  ~Backend();

  /// Adds the `/api/registrations` routes. `router` may outlive the backend only if it routes no
  /// more.
  void add_routes(net::Router& router, const access::Guard& guard);

  /// Takes no more steps. `published` is called on the backend's thread once the broker has
  /// acknowledged every update of what was stored; not at all if it never does: the next start
  /// publishes them. Requests may come no more.
  void stop(std::function<void()> published);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace regstream::backend
