#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <regstream/broker/broker.hpp>
#include <regstream/broker/redis_options.hpp>
#include <regstream/workflow/workflow.hpp>

#include "cli/serve_options.hpp"

namespace regstream::broker {
class JournalFile;
}

namespace regstream::cli {

/// The Redis settings from the options and the environment. Nothing: use the embedded broker.
/// Throws std::invalid_argument with one sentence.
[[nodiscard]] std::optional<broker::RedisOptions> redis_of(const ServeOptions& options);

/// Makes a broker for each workflow, all on one Redis or one journal file.
class BrokerFactory {
 public:
  /// Opens the journal, or looks for Redis. Throws an error that only a person can mend, such as a
  /// wrong password. `options` must outlive the factory.
  BrokerFactory(boost::asio::io_context& context, const ServeOptions& options,
                std::optional<broker::RedisOptions> redis);

  [[nodiscard]] std::unique_ptr<broker::Broker> make(const Workflow& workflow) const;

  /// How long the ready line waits for the first subscription.
  [[nodiscard]] std::chrono::seconds patience() const { return patience_; }

 private:
  boost::asio::io_context& context_;
  const ServeOptions& options_;
  std::optional<broker::RedisOptions> redis_;
  std::shared_ptr<broker::JournalFile> journal_;  // Null: there is no journal.
  std::chrono::seconds patience_;
};

}  // namespace regstream::cli
