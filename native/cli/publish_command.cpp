#include "cli/publish_command.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>

#include <CLI/CLI.hpp>

#include <regstream/broker/publish_limits.hpp>
#include <regstream/broker/redis_options.hpp>
#include <regstream/message/update.hpp>
#include <regstream/publisher/update_message.hpp>

#include "broker/redis_once.hpp"
#include "cli/terminal.hpp"
#include "log/printable.hpp"

namespace regstream::cli {
namespace {

constexpr int failure = 1;
constexpr int usage = 2;

struct PublishOptions {
  std::int64_t registration_id = 0;
  std::string stage;
  std::string status;
  std::string message;
  std::string details;
  std::string process_log;
  std::string key;
  std::string redis;
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

/// Publishes what `make` makes at a time, in milliseconds since the Unix epoch.
int run(const PublishOptions& options, const std::function<std::string(std::int64_t)>& make) {
  try {
    const auto redis = broker::read_redis_options(
        options.redis.empty() ? std::nullopt : std::optional<std::string_view>{options.redis});
    const auto result = broker::publish_once(redis, make(read_clock()), options.key);
    if (const auto* const trouble = std::get_if<broker::RedisFailure>(&result)) {
      complain("publish",
               trouble->what + (is_out_of_reach(trouble->kind)
                                    ? ". (A gateway that was started without --redis, as in the "
                                      "demo, has no Redis to publish through: POST to its "
                                      "/api/registrations/{id}/updates.)"
                                    : ""));
      return failure;
    }
    std::cout << "published " << to_string(std::get<EventId>(result)) << '\n';
    return 0;
  } catch (const std::invalid_argument& error) {
    complain("publish", error.what());
    return usage;
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
  command.add_option("--registration", options.registration_id, "The registration's id")
      ->required()
      ->check(CLI::Range(std::int64_t{1}, registration_id_max));
  command.add_option("--message", options.message, "What people read")->required();
  command
      .add_option("--key", options.key,
                  "Idempotency key: of two publishes with one key there is one, and both print "
                  "its id")
      ->check(check_key);
  command.add_option("--redis", options.redis,
                     "HOST:PORT of Redis (default: REDIS_HOST and REDIS_PORT, or localhost:6379; "
                     "the password comes from REDIS_PASSWORD)");
}

}  // namespace

void add_publish_command(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand("publish", "Publish one update through Redis");
  command->require_subcommand(1);

  const auto options = std::make_shared<PublishOptions>();

  auto* const stage = command->add_subcommand("stage", "A stage of the validation began or ended");
  add_common_options(*stage, *options);
  stage->add_option("--stage", options->stage, "The stage's name, such as t24_lookup")
      ->required()
      ->check(check_stage);
  stage->add_option("--status", options->status, "What became of the stage")
      ->required()
      ->check(CLI::IsMember({"started", "completed", "failed", "skipped"}));
  stage->callback([options, &exit_code] {
    exit_code = run(*options, [&options](std::int64_t timestamp_ms) {
      return make_stage_update(options->registration_id, options->stage,
                               parse_stage_status(options->status).value(), options->message,
                               timestamp_ms);
    });
  });

  auto* const final_status = command->add_subcommand("final", "The validation has an outcome");
  add_common_options(*final_status, *options);
  final_status->add_option("--status", options->status, "The registration's status from now on")
      ->required()
      ->check(CLI::IsMember({"APPROVED", "DUPLICATE", "FAILED", "COMPLETED"}));
  final_status->add_option("--details", options->details, "A JSON object")->check(check_details);
  final_status->add_option("--process-log", options->process_log, "A JSON array")
      ->check(check_process_log);
  final_status->callback([options, &exit_code] {
    exit_code = run(*options, [&options](std::int64_t timestamp_ms) {
      return make_final_status(options->registration_id, parse_status(options->status),
                               options->message, options->details, options->process_log,
                               timestamp_ms);
    });
  });
}

}  // namespace regstream::cli
