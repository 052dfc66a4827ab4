#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <regstream/time.hpp>

#include "backend/core_banking.hpp"
#include "backend/outbox.hpp"
#include "backend/store.hpp"
#include "backend/validation.hpp"

namespace regstream::backend {

struct PipelineOptions {
  Duration stage_pace{600};         ///< The pause between two steps.
  Duration lookup_timeout{10'000};  ///< Time limit for core banking.
  /// Each running validation has a timer and a record. An operator starts one at a time.
  std::size_t validations_max = 1'000;
  /// While the broker refuses updates, they wait in the outbox. With this many, no validation
  /// starts: each would add about ten.
  std::size_t outbox_max = 10'000;
  /// Calendar time for the process log, in milliseconds since the Unix epoch.
  std::function<std::int64_t()> now_timestamp_ms;
};

/// Runs validations. Each step is stored together with its update, which is then published. Each
/// validation ends with a final status, whatever happens. Use it on the executor's thread only.
class Pipeline {
 public:
  /// All arguments must outlive the pipeline.
  Pipeline(boost::asio::any_io_executor executor, Store& store, CoreBanking& core_banking,
           Outbox& outbox, PipelineOptions options);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;
  /// Stops at the current step. The next start's `end_interrupted` finds running validations. After
  /// this the executor must not run queued handlers.
  ~Pipeline() = default;

  /// Takes no more steps, and starts no validation, for the program's shutdown.
  void stop() {
    is_stopped_ = true;
    runs_.clear();
  }

  /// Ends validations that a stop or a crash interrupted: FAILED.
  void end_interrupted();

  enum class Start : std::uint8_t {
    started,
    unknown_registration,
    already_running,
    too_many,
    stopped
  };
  /// Starts a validation. When it returns `started`, the first step was stored and published.
  /// `too_many`: a limit of the options is reached. Throws std::runtime_error if the store fails;
  /// no validation has started then.
  [[nodiscard]] Start start(std::int64_t registration_id);

 private:
  struct Run {
    std::int64_t registration_id;
    Validation validation;
    boost::asio::steady_timer timer;
    std::vector<LogEntry> process_log;
    std::unique_ptr<CoreBanking::LookUp> look_up = nullptr;
    /// The number of the current wait. A timer or a look-up of an earlier wait is ignored.
    std::uint64_t wait = 0;
  };

  /// Plans the next step, after a pause or after core banking's answer.
  void wait(Run& run);
  void look_up(Run& run);
  /// Calls `action` after `delay`, unless the run has gone on by then.
  void after(Run& run, Duration delay, std::function<void(Run&)> action);
  /// The run, if it is still in this wait.
  [[nodiscard]] Run* find(std::int64_t registration_id, std::uint64_t wait);

  void take_step(Run& run);
  /// Stores the last step.
  std::vector<OutboxEntry> store(const Run& run);
  /// Ends a validation whose steps can't be stored.
  void give_up(std::int64_t registration_id, const char* reason);

  boost::asio::any_io_executor executor_;
  Store& store_;
  CoreBanking& core_banking_;
  Outbox& outbox_;
  PipelineOptions options_;
  std::map<std::int64_t, Run> runs_;
  std::uint64_t last_wait_ = 0;
  bool is_stopped_ = false;
};

}  // namespace regstream::backend
