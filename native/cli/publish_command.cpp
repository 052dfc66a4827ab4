#include "cli/publish_command.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>

#include <CLI/CLI.hpp>

#include <regstream/broker/publish_limits.hpp>
#include <regstream/message/update.hpp>
#include <regstream/publisher/update_message.hpp>

#include "broker/redis_once.hpp"
#include "broker/redis_settings.hpp"
#include "cli/exit_code.hpp"
#include "cli/instance_options.hpp"
#include "cli/redis_options.hpp"
#include "cli/terminal.hpp"
#include "configuration/option_values.hpp"
#include "log/printable.hpp"

namespace regstream::cli {
namespace {

struct PublishOptions {
  InstanceOptions instance;
  std::string stage;
  std::string status;
  std::string message;
  std::string details;
  std::string process_log;
  std::string key;
  broker::RedisArguments redis;
};

bool is_out_of_reach(broker::RedisFailureKind kind) {
  using Kind = broker::RedisFailureKind;
  return kind == Kind::unresolvable || kind == Kind::refused || kind == Kind::unreachable ||
         kind == Kind::timed_out;
}

std::int64_t read_clock() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

/// Throws std::invalid_argument as `instance_of` does, and if neither option was given.
InstanceId id_of(const PublishOptions& options, const Workflow& workflow) {
  const auto id = instance_of(options.instance, workflow);
  if (!id) {
    throw std::invalid_argument("give either --id or --registration");
  }
  return *id;
}

/// Makes an update's text. The time is in milliseconds since the Unix epoch.
using Make = std::function<std::string(const Workflow& workflow, const InstanceId& id,
                                       std::int64_t timestamp_ms)>;

int run(const PublishOptions& options, const Make& make) {
  try {
    const Workflow workflow = workflow_of(options.instance);
    const InstanceId id = id_of(options, workflow);
    auto redis = broker::read_redis_settings(options.redis, broker::process_environment);
    redis.workflow = &workflow;
    const auto result = broker::publish_once(redis, make(workflow, id, read_clock()), options.key);
    if (const auto* const trouble = std::get_if<broker::RedisFailure>(&result)) {
      complain("publish", trouble->what + (is_out_of_reach(trouble->kind)
                                               ? ". (A gateway without --redis, such as the demo, "
                                                 "uses no Redis. To publish there, POST to its " +
                                                     workflow.updates_path + ".)"
                                               : ""));
      return failure_code;
    }
    std::cout << "published " << to_string(std::get<EventId>(result)) << '\n';
    return 0;
  } catch (const std::invalid_argument& error) {
    complain("publish", error.what());
    return usage_code;
  }
}

/// The publisher's error for a value; empty if it accepts the value.
std::string problem_of(const std::function<std::string()>& make) {
  try {
    static_cast<void>(make());
    return {};
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

std::string check_stage(const std::string& stage) {
  const std::string problem =
      problem_of([&stage] { return make_stage_update(1, stage, StageStatus::started, "", 0); });
  return problem.empty() ? problem : quote_value(stage) + ": " + problem;
}

/// Details and process log are customers' data, so errors don't quote them.
std::string check_details(const std::string& details) {
  return problem_of(
      [&details] { return make_final_status(1, Status::failed, "", details, {}, 0); });
}

std::string check_process_log(const std::string& process_log) {
  return problem_of(
      [&process_log] { return make_final_status(1, Status::failed, "", {}, process_log, 0); });
}

std::string check_key(const std::string& key) {
  const std::string problem = broker::size_problem({}, key);
  return problem.empty() ? problem : quote_value(key) + ": " + problem;
}

void add_common_options(CLI::App& command, PublishOptions& options) {
  add_instance_options(command, options.instance);
  command.add_option("--message", options.message, "Message for people to read")->required();
  command
      .add_option("--key", options.key,
                  "Idempotency key: a second publish with the same key changes nothing, and prints "
                  "the first one's id")
      ->check(check_key);
  add_redis_options(command, options.redis, "Redis");
}

}  // namespace

void add_publish_command(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand("publish", "Publish one update through Redis");
  command->require_subcommand(1);

  const auto options = std::make_shared<PublishOptions>();

  auto* const stage = command->add_subcommand("stage", "Publish that a stage started or ended");
  add_common_options(*stage, *options);
  stage->add_option("--stage", options->stage, "Name of the stage, as the workflow declares it")
      ->required()
      ->check(check_stage);
  stage->add_option("--status", options->status, "New state of the stage")
      ->required()
      ->check(configuration::one_of({"started", "completed", "failed", "skipped"}));
  stage->callback([options, &exit_code] {
    exit_code = run(*options, [&options](const Workflow& workflow, const InstanceId& id,
                                         std::int64_t timestamp_ms) {
      return make_stage_update(workflow, id, options->stage,
                               parse_stage_status(options->status).value(), options->message,
                               timestamp_ms);
    });
  });

  auto* const final_status = command->add_subcommand("final", "Publish a final status");
  add_common_options(*final_status, *options);
  final_status
      ->add_option("--status", options->status,
                   "The new status; one of the workflow's final statuses")
      ->required();
  final_status->add_option("--details", options->details, "Details of the outcome, a JSON object")
      ->check(check_details);
  final_status->add_option("--process-log", options->process_log, "The process log, a JSON array")
      ->check(check_process_log);
  final_status->callback([options, &exit_code] {
    exit_code = run(*options, [&options](const Workflow& workflow, const InstanceId& id,
                                         std::int64_t timestamp_ms) {
      return make_final_status(workflow, id, options->status, options->message, options->details,
                               options->process_log, timestamp_ms);
    });
  });
}

}  // namespace regstream::cli
