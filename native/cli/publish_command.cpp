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

InstanceId id_of(const PublishOptions& options, const Workflow& workflow) {
  const auto id = instance_of(options.instance, workflow);
  if (!id) {
    throw std::invalid_argument("give either --id or --registration");
  }
  return *id;
}

/// Makes an update, at a time in milliseconds since the Unix epoch.
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
      complain("publish",
               trouble->what + (is_out_of_reach(trouble->kind)
                                    ? ". (A gateway that was started without --redis, as in the "
                                      "demo, has no Redis to publish through: POST to its " +
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

/// Why the publisher makes no update with a value: its own words, or empty if it makes one.
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

/// Neither details nor a process log is quoted: they are customers' data.
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
  command.add_option("--message", options.message, "What people read")->required();
  command
      .add_option("--key", options.key,
                  "Idempotency key: of two publishes with one key there is one, and both print "
                  "its id")
      ->check(check_key);
  add_redis_options(command, options.redis, "Redis");
}

}  // namespace

void add_publish_command(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand("publish", "Publish one update through Redis");
  command->require_subcommand(1);

  const auto options = std::make_shared<PublishOptions>();

  auto* const stage = command->add_subcommand("stage", "A stage began or ended");
  add_common_options(*stage, *options);
  stage->add_option("--stage", options->stage, "The stage's name, as messages have it")
      ->required()
      ->check(check_stage);
  stage->add_option("--status", options->status, "What became of the stage")
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

  auto* const final_status = command->add_subcommand("final", "There is an outcome");
  add_common_options(*final_status, *options);
  final_status
      ->add_option("--status", options->status,
                   "The status from now on: a final one of the workflow")
      ->required();
  final_status->add_option("--details", options->details, "A JSON object")->check(check_details);
  final_status->add_option("--process-log", options->process_log, "A JSON array")
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
