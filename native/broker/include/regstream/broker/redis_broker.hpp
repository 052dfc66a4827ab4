#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include <regstream/broker/broker.hpp>
#include <regstream/broker/publish_limits.hpp>
#include <regstream/broker/redis_options.hpp>

namespace regstream::broker {

/// The history in Redis, by connections that come back by themselves: one calls the script that
/// publishes, reads and adopts (scripts/history). With a subscriber there are two more: one is
/// subscribed to the channel (Redis takes no other commands there), and one waits for the history's
/// next entry, so that a single message is told without asking for it first.
///
/// The history is the stream `{<channel>}:history`; its length and its bytes are limited
/// (`RedisHistoryLimits`). Publishes are sent in batches of what waits, and what this broker has
/// sent last is kept for a while under `{<channel>}:publisher:<random>`; a publish's key, if it has
/// one, under `{<channel>}:key:<key>`. Redis Cluster is not supported yet. A `maxmemory` that
/// evicts
/// (`volatile-*`, `allkeys-*`) evicts both and with them the promise that nothing is published
/// twice: leave it at `noeviction`.
///
/// While Redis is away, publishes wait in order within `PublishLimits`. What was sent and not
/// acknowledged is sent again as the same batch, so it is in the history once; only if Redis stays
/// away for longer than it knows batches does `done` say that nobody knows.
///
/// While Redis answers, but refuses with an error that passes (passing_errors.json), publishes and
/// bare messages wait as well, and one call at a time finds out when that is over. A replica's
/// refusal (READONLY, MASTERDOWN) makes the connections anew, through the name.
///
/// What others publish while this broker is away it reads in the history when it comes back. A bare
/// PUBLISH of some program is adopted by whatever broker hears it; if none is there, it is lost,
/// for Pub/Sub has no memory.
///
/// If Redis loses its data, or comes back with older data, a new epoch begins, greater than any
/// that this process has met; what the older data still hold is the beginning of the new history.
/// So it does where Redis may have lost acknowledged writes: it was started again, or is a replica
/// that was promoted. What is kept beside the history, in `{<channel>}:server`,
/// tells that from a server without replicas that has each write on its disk (`appendfsync always`,
/// which CONFIG GET says) and was only started again.
///
/// That is noticed with the next call of the script: an update, a bare message, another process
/// that starts, a connection that comes back, `catch_up`. Until then nothing was published that
/// could be missed, and what subscribers know is the last that anybody has said.
///
/// Bare messages that come faster than they can be adopted are left in Redis, which holds them up
/// to its client-output-buffer-limit. If it ends the connection before all was heard, subscribers
/// are told by another history: everyone who follows it finds an entry without a message there.
///
/// Handlers of publishes and the subscriber may throw, and memory may run out. Whatever the
/// exception, the broker gives its connections up, makes new ones a little later, tells the history
/// anew, and sends again what was under way; a publish whose handler threw has ended. The exception
/// then leaves the context's `run`, which is to be called again.
class RedisBroker final : public Broker {
 public:
  /// Connects as soon as `context` runs; never fails, but retries, and logs by spdlog.
  RedisBroker(boost::asio::io_context& context, const RedisOptions& options,
              PublishLimits limits = {});
  /// On the broker's thread, or after it has ended. Handlers of publishes under way are dropped.
  ~RedisBroker() override;

  void publish(std::string message, std::string key, PublishHandler done) override;
  void publish_now(std::string message, std::string key, PublishHandler done) override;
  void publish_all_now(std::vector<Publication> publications) override;
  void subscribe(Subscriber& subscriber) override;
  /// One read of the history from the last message on, if it was not told already.
  void catch_up() override;

  /// Callable from any thread.
  [[nodiscard]] bool is_connected() const override;

  [[nodiscard]] Obstacles obstacles() override;

  [[nodiscard]] std::string loss_reason() const override;
  [[nodiscard]] std::optional<ServerHealth> server_health() const override;

  [[nodiscard]] DroppedCounts dropped() const override;

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace regstream::broker
