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
  /// The file that keeps the history across restarts, in common with other workflows' brokers.
  /// Null: none; then each start is a new history, and nothing but idempotency keys is kept.
  std::shared_ptr<JournalFile> journal = {};
  /// Calendar time in milliseconds since the Unix epoch; by default the system's.
  std::function<std::int64_t()> now_timestamp_ms = {};
  /// By default the system's monotonic clock.
  std::function<Instant()> now = {};
};

/// The history inside one process, for a gateway that needs no Redis.
///
/// All that was published until a turn of the loop goes into the journal in one transaction; then
/// the subscriber hears each message, and then `done` is called. A message whose `done` got an id
/// survives the end of the process.
class EmbeddedBroker final : public Broker {
 public:
  /// The thread that runs `context` is the broker's thread; the journal's disk may delay it when
  /// SQLite moves what it wrote ahead into the file (every 4 MiB or so). Throws std::runtime_error
  /// as `EmbeddedJournal` does.
  explicit EmbeddedBroker(boost::asio::io_context& context, EmbeddedBrokerOptions options = {});
  /// On the broker's thread, or after it has ended. Messages that wait are dropped with their
  /// handlers.
  ~EmbeddedBroker() override;

  void publish(std::string message, std::string key, PublishHandler done) override;
  void subscribe(Subscriber& subscriber) override;
  /// What is in the history has always been told.
  void catch_up() override;
  [[nodiscard]] bool is_connected() const override { return true; }
  [[nodiscard]] Obstacles obstacles() override;

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace regstream::broker
