#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include <regstream/broker/broker.hpp>
#include <regstream/time.hpp>

#include "access/guard.hpp"
#include "backend/sample_core_banking.hpp"
#include "net/router.hpp"

/// The sample backend: a small version of what a bank already has.
namespace regstream::backend {

struct BackendOptions {
  /// A SQLite file. If missing, it is made and filled with the sample data. Its folder must exist.
  std::filesystem::path database;
  SampleCoreBankingOptions core_banking;
  /// Time limit for core banking's answer; after it, validation ends in FAILED.
  Duration lookup_timeout{10'000};
  /// The pause between two steps of a validation, so that people can follow it. With this default
  /// and the default latency, a validation takes a little over four seconds.
  Duration stage_pace{600};
  /// How long an APPROVED registration waits for its mobile user. The scheduled job runs four times
  /// as often, so the wait is at most a quarter longer.
  Duration job_interval{15'000};
};

/// Registrations, their validation pipeline, and the scheduled job. Works on a thread of its own,
/// so that a disk never delays streams.
class Backend {
 public:
  /// Opens the database, publishes what was not acknowledged before the last stop or crash, ends
  /// interrupted validations (FAILED, with the reason), and starts the thread. Throws
  /// std::runtime_error with one sentence if the database can't be used. `broker` must outlive the
  /// backend.
  Backend(const BackendOptions& options, broker::Broker& broker);
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  /// Stops the thread after the current step. The next start ends running validations.
  ~Backend();

  /// Adds the `/api/registrations` routes. `router` must not route any more once the backend is
  /// destroyed.
  void add_routes(net::Router& router, const access::Guard& guard);

  /// Takes no more steps. Calls `published` on the backend's thread once the broker has
  /// acknowledged every stored update; if it never does, the next start publishes them. No requests
  /// may come after this call.
  void stop(std::function<void()> published);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace regstream::backend
