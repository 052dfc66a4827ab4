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

/// Publishes the updates that the store keeps together with the changes that they report: in order,
/// one at a time, each until the broker has acknowledged it, also after a restart. An update that
/// was published but not acknowledged before a crash is published again with the same idempotency
/// key. So the history has it once, for as long as the broker remembers keys (`EmbeddedLimits`,
/// `RedisHistoryLimits`). Use it on the executor's thread only.
class Outbox {
 public:
  /// The pause after a failure, before the same update is tried again.
  static constexpr Duration retry_delay{1'000};

  /// Starts with the updates left by the last run. All arguments must outlive the outbox. Throws
  /// std::runtime_error if the store fails.
  Outbox(const boost::asio::any_io_executor& executor, Store& store, broker::Broker& broker,
         Duration retry_after = retry_delay);
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  /// After this the executor must not run queued handlers.
  ~Outbox();

  /// Publishes updates that were just stored.
  void push(std::vector<OutboxEntry> entries);
  /// Publishes an update that could not be stored, after all others: once, without a guarantee.
  void push_unstored(std::string message);

  /// How many updates wait for an acknowledgement.
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// Calls `empty` once no update waits: at once, or when the last one is acknowledged. For one
  /// caller.
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
  std::deque<OutboxEntry> entries_;  // The first update is being published, or waits for a retry.
  std::function<void()> empty_;
  std::shared_ptr<Link> link_;
};

}  // namespace regstream::backend
