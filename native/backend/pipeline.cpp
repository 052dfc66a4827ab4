#include "backend/pipeline.hpp"

#include <exception>
#include <optional>
#include <regstream/publisher/update_message.hpp>
#include <string>
#include <utility>

#include "backend/json.hpp"
#include "log/log.hpp"

namespace regstream::backend {
namespace {

LogEntry make_log_entry(const Step& step, std::int64_t timestamp_ms) {
  return {std::string{to_string(step.stage)}, step.stage_status, step.message, timestamp_ms};
}

std::string make_update(std::int64_t registration_id, const LogEntry& entry) {
  return make_stage_update(registration_id, entry.stage, entry.stage_status, entry.message,
                           entry.timestamp_ms);
}

}  // namespace

Pipeline::Pipeline(boost::asio::any_io_executor executor, Store& store, CoreBanking& core_banking,
                   Outbox& outbox, PipelineOptions options)
    : executor_(std::move(executor)),
      store_(store),
      core_banking_(core_banking),
      outbox_(outbox),
      options_(std::move(options)) {}

void Pipeline::end_interrupted() {
  for (const std::int64_t id : store_.interrupted()) {
    const std::optional<Registration> registration = store_.find(id);
    if (!registration) {
      continue;
    }
    const std::int64_t now_ms = options_.now_timestamp_ms();
    const Store::End end{Status::failed, "Validation was interrupted by a restart; validate again",
                         ""};
    std::optional<LogEntry> entry;
    std::vector<LogEntry> log = registration->process_log;
    if (!log.empty() && log.back().stage_status == StageStatus::started) {
      entry = LogEntry{log.back().stage, StageStatus::failed, "Interrupted by a restart", now_ms};
    }
    Store::Updates updates;
    if (entry) {
      updates.push_back(make_update(id, *entry));
      log.push_back(*entry);
    }
    updates.push_back(
        make_final_status(id, end.status, end.message, end.details, process_log_json(log), now_ms));
    outbox_.push(store_.end_validation(id, end, entry, now_ms, updates));
  }
}

Pipeline::Start Pipeline::start(std::int64_t registration_id) {
  if (is_stopped_) {
    return Start::stopped;
  }
  if (runs_.contains(registration_id)) {
    return Start::already_running;
  }
  std::optional<Registration> registration = store_.find(registration_id);
  if (!registration) {
    return Start::unknown_registration;
  }
  if (runs_.size() >= options_.validations_max || outbox_.size() >= options_.outbox_max) {
    return Start::too_many;
  }
  Validation validation{registration_id, std::move(registration->application)};
  const LogEntry entry = make_log_entry(validation.advance(), options_.now_timestamp_ms());
  outbox_.push(store_.begin_validation(registration_id, "Validation started", entry,
                                       {make_update(registration_id, entry)}));
  const auto [position, is_new] = runs_.emplace(
      registration_id,
      Run{registration_id, std::move(validation), boost::asio::steady_timer{executor_}, {entry}});
  wait(position->second);
  return Start::started;
}

void Pipeline::wait(Run& run) {
  if (run.validation.need() == Validation::Need::core_banking) {
    look_up(run);
  } else {
    after(run, options_.stage_pace, [this](Run& waited) { take_step(waited); });
  }
}

void Pipeline::look_up(Run& run) {
  after(run, options_.lookup_timeout, [this](Run& waited) {
    waited.validation.on_core_banking(CoreBankingError{
        CoreBankingError::Kind::timed_out, "Core banking did not answer in time; try again later"});
    take_step(waited);
  });
  run.look_up = core_banking_.look_up(
      run.validation.customer_number(),
      [this, id = run.registration_id, wait = run.wait](CoreBankingResult result) {
        if (Run* waited = find(id, wait)) {
          waited->validation.on_core_banking(std::move(result));
          take_step(*waited);
        }
      });
}

void Pipeline::after(Run& run, Duration delay, std::function<void(Run&)> action) {
  run.wait = ++last_wait_;
  run.timer.expires_after(delay);
  run.timer.async_wait([this, id = run.registration_id, wait = run.wait,
                        action = std::move(action)](const boost::system::error_code& error) {
    // A cancelled wait may outlive the pipeline, so it must not touch the pipeline.
    if (error) {
      return;
    }
    if (Run* waited = find(id, wait)) {
      action(*waited);
    }
  });
}

Pipeline::Run* Pipeline::find(std::int64_t registration_id, std::uint64_t wait) {
  const auto position = runs_.find(registration_id);
  return position != runs_.end() && position->second.wait == wait ? &position->second : nullptr;
}

void Pipeline::take_step(Run& run) {
  const std::int64_t id = run.registration_id;
  run.look_up.reset();
  try {
    if (run.validation.need() == Validation::Need::mobile_customer) {
      run.validation.on_mobile_customer(
          store_.find_mobile_customer(run.validation.customer_number()));
    }
    run.process_log.push_back(
        make_log_entry(run.validation.advance(), options_.now_timestamp_ms()));
    outbox_.push(store(run));
    if (run.validation.outcome()) {
      runs_.erase(id);
    } else {
      wait(run);
    }
  } catch (const std::exception& error) {
    give_up(id, error.what());
  }
}

std::vector<OutboxEntry> Pipeline::store(const Run& run) {
  const std::int64_t id = run.registration_id;
  const LogEntry& entry = run.process_log.back();
  Store::Updates updates{make_update(id, entry)};
  if (const std::optional<Outcome>& outcome = run.validation.outcome()) {
    updates.push_back(make_final_status(id, outcome->status, outcome->message, outcome->details,
                                        process_log_json(run.process_log), entry.timestamp_ms));
    return store_.end_validation(
        id, {outcome->status, outcome->message, outcome->details, outcome->update_mobile_customer},
        entry, entry.timestamp_ms, updates);
  }
  if (entry.stage == to_string(Stage::t24_lookup)) {
    return store_.append_log(id, entry, run.validation.accounts(), updates);
  }
  return store_.append_log(id, entry, {}, updates);
}

void Pipeline::give_up(std::int64_t registration_id, const char* reason) {
  runs_.erase(registration_id);
  logging::error("validation stopped", "the validation of registration {} stopped: {}",
                 registration_id, reason);
  const std::string message = "Validation stopped by an error in the backend; validate again";
  const std::int64_t now_ms = options_.now_timestamp_ms();
  const std::string update =
      make_final_status(registration_id, Status::failed, message, {}, {}, now_ms);
  try {
    outbox_.push(store_.end_validation(registration_id, {Status::failed, message, ""}, std::nullopt,
                                       now_ms, {update}));
  } catch (const std::exception& error) {
    // The next start finds the validation interrupted. People who watch it now get this update
    // anyway.
    logging::error("validation not ended", "registration {} could not be set to FAILED: {}",
                   registration_id, error.what());
    outbox_.push_unstored(update);
  }
}

}  // namespace regstream::backend
