#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <regstream/broker/broker.hpp>
#include <regstream/time.hpp>

#include "backend/store.hpp"

namespace regstream::backend {

/// Publishes the updates that the store keeps beside the changes they tell: in order, one at a
/// time, each until the broker has acknowledged it, and over a restart. An update that was
/// published and not acknowledged before a crash is published again with the same idempotency key,
/// so that the history has it once, for as long as the broker remembers keys (`EmbeddedLimits`,
/// `RedisHistoryLimits`). Used on one thread: the executor's.
class Outbox {
 public:
  /// How long it waits after a failure before it tries the same update again.
  static constexpr Duration retry_delay{1'000};

  /// Begins with what is left from the last time. Everything referred to must outlive the outbox.
  /// Throws std::runtime_error if the store fails.
  Outbox(const boost::asio::any_io_executor& executor, Store& store, broker::Broker& broker,
         Duration retry_after = retry_delay);
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  /// After this the executor must not run the handlers that are still queued.
  ~Outbox();

  /// Publishes what the store has just kept.
  void push(std::vector<OutboxEntry> entries);
  /// Publishes, after all else, an update that could not be stored: once, without a promise.
  void push_unstored(std::string message);

  /// How many wait for an acknowledgement.
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// Calls `empty` once none waits: at once, or when the last is acknowledged. For one caller.
  void when_empty(std::function<void()> empty);

 private:
  struct Link;

  void publish_first();
  void on_result(const broker::PublishResult& result);
  void remove_first();

  Store& store_;
  broker::Broker& broker_;
  Duration retry_after_;
  boost::asio::steady_timer retry_timer_;
  std::deque<OutboxEntry> entries_;  // The first is under way, or waits for another try.
  std::function<void()> empty_;
  std::shared_ptr<Link> link_;
};

}  // namespace regstream::backend
