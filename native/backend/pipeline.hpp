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
  Duration lookup_timeout{10'000};  ///< How long core banking may take.
  /// Each running validation holds a timer and a record; an operator starts one at a time.
  std::size_t validations_max = 1'000;
  /// While the broker takes no updates, they wait in the outbox. From this many on no validation
  /// starts: each would add about ten.
  std::size_t outbox_max = 10'000;
  /// Calendar time for the process log, in milliseconds since the Unix epoch.
  std::function<std::int64_t()> now_timestamp_ms;
};

/// Runs validations. Each step is stored with the update that tells it, and published then; each
/// validation ends with a final status, whatever happens. Used on one thread: the executor's.
class Pipeline {
 public:
  /// Everything referred to must outlive the pipeline.
  Pipeline(boost::asio::any_io_executor executor, Store& store, CoreBanking& core_banking,
           Outbox& outbox, PipelineOptions options);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;
  /// Stops where it is: validations under way are found by `end_interrupted` of the next one. After
  /// this the executor must not run the handlers that are still queued.
  ~Pipeline() = default;

  /// Takes no more steps, as at a stop of the program, and starts nothing.
  void stop() {
    is_stopped_ = true;
    runs_.clear();
  }

  /// Ends validations that a stop or a crash of the program interrupted: FAILED.
  void end_interrupted();

  enum class Start : std::uint8_t {
    started,
    unknown_registration,
    already_running,
    too_many,
    stopped
  };
  /// Starts a validation; the first step has been stored and published when it returns `started`.
  /// `too_many` says that the options' limits are reached.
  /// Throws std::runtime_error if the store fails: no validation has started then.
  [[nodiscard]] Start start(std::int64_t registration_id);

 private:
  struct Run {
    std::int64_t registration_id;
    Validation validation;
    boost::asio::steady_timer timer;
    std::vector<LogEntry> process_log;
    std::unique_ptr<CoreBanking::LookUp> look_up = nullptr;
    /// Names the wait under way. A timer's or a look-up's answer to an earlier wait is dropped.
    std::uint64_t wait = 0;
  };

  /// Has the next step taken after a pause, or after core banking's answer.
  void wait(Run& run);
  void look_up(Run& run);
  /// Calls `action` when `delay` is over, unless the run has gone on by then.
  void after(Run& run, Duration delay, std::function<void(Run&)> action);
  /// The run, if it is still in that wait.
  [[nodiscard]] Run* find(std::int64_t registration_id, std::uint64_t wait);

  void take_step(Run& run);
  /// Stores the last step.
  std::vector<OutboxEntry> store(const Run& run);
  /// Ends a validation that can't be stored.
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
