#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <regstream/broker/broker.hpp>
#include <regstream/workflow/registration.hpp>

#include "broker/embedded_limits.hpp"

namespace regstream::broker {

class JournalFile;

struct EmbeddedBrokerOptions {
  const Workflow* workflow = &registration_workflow();
  EmbeddedLimits limits = {};
  /// The file that keeps the history across restarts. Brokers of several workflows may share it.
  /// Null: each start begins a new history, and only idempotency keys are kept.
  std::shared_ptr<JournalFile> journal = {};
  /// Returns the time in milliseconds since the Unix epoch. The default is the system's clock.
  std::function<std::int64_t()> now_timestamp_ms = {};
  /// The default is the system's monotonic clock.
  std::function<Instant()> now = {};
};

/// Keeps the history inside one process, for a gateway without Redis.
///
/// A turn of the loop writes all new messages to the journal in one transaction. Then it calls the
/// subscriber for each message, and then `done`. A message whose `done` got an id survives the end
/// of the process.
class EmbeddedBroker final : public Broker {
 public:
  /// The thread that runs `context` is the broker's thread. The journal's disk may delay it when
  /// SQLite runs a checkpoint of its write-ahead log (every 4 MiB or so). Throws std::runtime_error
  /// like `EmbeddedJournal`.
  explicit EmbeddedBroker(boost::asio::io_context& context, EmbeddedBrokerOptions options = {});
  /// Call it on the broker's thread, or after that has ended. Waiting messages are dropped with
  /// their handlers.
  ~EmbeddedBroker() override;

  void publish(std::string message, std::string key, PublishHandler done) override;
  void subscribe(Subscriber& subscriber) override;
  /// Answers soon: the whole history is always delivered.
  void catch_up() override;
  [[nodiscard]] bool is_connected() const override { return true; }
  [[nodiscard]] Obstacles obstacles() override;

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace regstream::broker
