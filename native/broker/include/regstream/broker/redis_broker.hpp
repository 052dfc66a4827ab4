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

/// Keeps the history in Redis. Its connections reconnect by themselves. One calls the script that
/// publishes, reads and adopts (scripts/history). With a subscriber there are two more: one is
/// subscribed to the channel (Redis accepts no other commands there), and one waits for the
/// history's next entry, so that a single message needs no extra round trip.
///
/// The history is the stream `{<channel>}:history`. `RedisHistoryLimits` bounds its length and its
/// bytes. The broker publishes waiting messages in batches. It remembers its latest batches in
/// `{<channel>}:publisher:<random>`, and the id of a publish under `{<channel>}:key:<key>` if the
/// publish has a key. A `maxmemory` policy that evicts (`volatile-*`, `allkeys-*`) may evict both,
/// and a message may then be published twice: leave the policy at `noeviction`.
///
/// While Redis is away, publishes wait in order within `PublishLimits`. The broker sends again, as
/// the same batch, what was sent and not acknowledged: so it enters the history once. If Redis
/// stays away for longer than it remembers batches, `done` gets an error that says that the outcome
/// is unknown.
///
/// While Redis answers with an error that passes (passing_errors.json), publishes and bare messages
/// wait as well, and one call at a time finds out when the error is over. When a replica refuses
/// (READONLY, MASTERDOWN), the broker reconnects and resolves the name again.
///
/// What others publish while this broker is away, it reads from the history when it returns. A bare
/// PUBLISH by another program is adopted by whichever broker receives it. If no broker is
/// connected, the message is lost: Pub/Sub has no memory.
///
/// If Redis loses its data, or returns with older data, a new epoch begins, greater than any epoch
/// that this process has seen. The messages that Redis still holds become the beginning of the new
/// history. A new epoch also begins where Redis may have lost acknowledged writes: after a restart,
/// or after the promotion of a replica. There is one exception: a server without replicas that
/// writes each command to disk first (`appendfsync always`, which CONFIG GET reports) and was only
/// restarted. The key `{<channel>}:server` tells the two apart.
///
/// The broker notices a loss with the next call of the script: an update, a bare message, another
/// process that starts, a new connection, `catch_up`. Until then nothing was published that anyone
/// could miss.
///
/// Bare messages that arrive faster than they can be adopted stay in Redis, up to its
/// client-output-buffer-limit. If Redis ends the connection before the broker has read them all, a
/// new history begins: everyone who follows it finds an entry without a message.
///
/// Handlers of publishes and the subscriber may throw, and memory may run out. Whatever the
/// exception, the broker closes its connections, makes new ones a little later, delivers the
/// history again, and resends what was under way. A publish whose handler threw has ended. The
/// exception then leaves the context's `run`; call `run` again.
class RedisBroker final : public Broker {
 public:
  /// Connects as soon as `context` runs. Never fails: it retries, and logs with spdlog.
  RedisBroker(boost::asio::io_context& context, const RedisOptions& options,
              PublishLimits limits = {});
  /// Call it on the broker's thread, or after that has ended. Handlers of unfinished publishes are
  /// dropped without a call.
  ~RedisBroker() override;

  void publish(std::string message, std::string key, PublishHandler done) override;
  void publish_now(std::string message, std::string key, PublishHandler done) override;
  void publish_all_now(std::vector<Publication> publications) override;
  void subscribe(Subscriber& subscriber) override;
  /// Reads the history once, from the last delivered message on.
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
