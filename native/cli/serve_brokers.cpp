#include "cli/serve_brokers.hpp"

#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include <regstream/broker/redis_broker.hpp>

#include "broker/embedded_broker.hpp"
#include "broker/embedded_journal.hpp"
#include "broker/embedded_limits.hpp"
#include "broker/redis_once.hpp"
#include "broker/redis_settings.hpp"

namespace regstream::cli {

namespace fs = std::filesystem;

namespace {

// How long the ready line waits for the first subscription to Redis. If Redis is away or still
// loads its data, the gateway serves before that, and /readyz says what it waits for.
constexpr std::chrono::seconds first_subscription_max{2};

// The demo has a journal, because surviving a restart is a part of the demo.
fs::path journal_of(const ServeOptions& options) {
  if (options.journal) {
    return *options.journal;
  }
  return options.demo ? fs::path(options.database).replace_filename("journal.sqlite3") : fs::path();
}

void limit_history(broker::RedisHistoryLimits& limits, const ServeOptions& options) {
  limits.length_max = options.history_length.value_or(limits.length_max);
  limits.bytes_max = options.history_bytes.value_or(limits.bytes_max);
}

void limit_history(broker::EmbeddedLimits& limits, const ServeOptions& options) {
  limits.messages_max = options.history_length.value_or(limits.messages_max);
  limits.bytes_max = options.history_bytes.value_or(limits.bytes_max);
  if (options.history_hours) {
    limits.age_max = std::chrono::hours(*options.history_hours);
  }
}

// False if Redis is not there yet.
bool find_redis(const broker::RedisOptions& redis, bool is_required) {
  const std::optional<broker::RedisFailure> failure = broker::check_redis(redis);
  if (!failure) {
    return true;
  }
  // A Redis that answers is there, even if it still loads its data.
  const bool is_there = failure->kind == broker::RedisFailureKind::passing;
  if (!broker::may_heal(failure->kind) || (is_required && !is_there)) {
    throw std::runtime_error(failure->what);
  }
  return is_there;
}

}  // namespace

std::optional<broker::RedisOptions> redis_of(const ServeOptions& options) {
  if (broker::names_redis(options.redis, broker::process_environment)) {
    return broker::read_redis_settings(options.redis, broker::process_environment);
  }
  for (const auto& [setting, values] : options.redis) {
    if (!values.empty()) {
      throw std::invalid_argument(
          std::string(broker::definition_of(setting).option) +
          " has no effect, because no option says where Redis is: give --redis, --redis-sentinels "
          "or --redis-cluster-nodes, or set REDIS_URL");
    }
  }
  return std::nullopt;
}

BrokerFactory::BrokerFactory(boost::asio::io_context& context, const ServeOptions& options,
                             std::optional<broker::RedisOptions> redis)
    : context_(context),
      options_(options),
      redis_(std::move(redis)),
      patience_(first_subscription_max) {
  if (redis_) {
    if (!find_redis(*redis_, options.requires_redis)) {
      patience_ = std::chrono::seconds::zero();
    }
  } else if (const fs::path path = journal_of(options); !path.empty()) {
    journal_ = std::make_shared<broker::JournalFile>(path, broker::read_boot_id());
  }
}

std::unique_ptr<broker::Broker> BrokerFactory::make(const Workflow& workflow) const {
  if (redis_) {
    broker::RedisOptions own = *redis_;
    own.workflow = &workflow;
    // A seed of its own keeps gateways from reconnecting to a restarted Redis in step.
    own.seed = std::random_device{}();
    own.deployment = options_.deployment;
    limit_history(own.history, options_);
    return std::make_unique<broker::RedisBroker>(context_, own);
  }
  broker::EmbeddedBrokerOptions embedded;
  embedded.workflow = &workflow;
  embedded.journal = journal_;
  limit_history(embedded.limits, options_);
  return std::make_unique<broker::EmbeddedBroker>(context_, std::move(embedded));
}

}  // namespace regstream::cli
