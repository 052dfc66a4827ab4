#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <regstream/message/drop_reason.hpp>
#include <regstream/message/event_id.hpp>
#include <regstream/time.hpp>
#include <regstream/workflow/registration.hpp>

/// The way from publishers to gateways: one history of JSON messages, each with an event id.
namespace regstream::broker {

/// Why a publish did not reach the broker.
struct PublishError {
  std::string what;  ///< One sentence: what failed, where, what to do.
};

/// The id that the message has in the history, or why it is not there.
using PublishResult = std::variant<EventId, PublishError>;
using PublishHandler = std::function<void(const PublishResult&)>;

/// A message that is published with others. As of `Broker::publish`.
struct Publication {
  std::string message;
  std::string key;
  PublishHandler done;
};

/// What keeps updates from being read, and from being published, now. Each is the end of a sentence
/// for anybody who asks, without names of hosts or files; empty where nothing does.
struct Obstacles {
  std::string reading;
  std::string publishing;
};

/// Hears the history: contiguous, in order, every message once. All are called on the broker's
/// thread; none may destroy the broker.
class Subscriber {
 public:
  /// A history begins, and whatever was heard before is no longer part of it: at the start, when
  /// the old one was lost, and when more of it was missed than can be told again. Its messages
  /// follow, from the one after `position` on, and then `on_live`.
  virtual void on_history(EventId position) = 0;
  /// The next message; the view holds during the call. Its JSON carries the id as "id".
  virtual void on_message(EventId id, std::string_view message) = 0;
  /// What the history held when it began has been told. What follows is new.
  virtual void on_live() = 0;
  /// The answer to `Feed::catch_up`: what the history held then has been told. Comes when the
  /// history is live.
  virtual void on_caught_up() = 0;

 protected:
  ~Subscriber() = default;
};

/// Messages that others published, and that are not in the history.
struct DroppedCounts {
  DropCounts malformed;      ///< No updates.
  std::uint64_t forged = 0;  ///< With the id of another message.
  /// Times that too many came at once: how many were lost then, nobody knows, and every stream is
  /// told by a reset.
  std::uint64_t overflowing = 0;
};

/// How the server behind a broker does, for people.
struct ServerHealth {
  std::optional<Duration> away_for;  ///< It can't be used, since then. Empty: it can.
  std::optional<std::chrono::microseconds> round_trip;  ///< Of the last short call.
  std::chrono::microseconds round_trip_max{};           ///< Of the last one to two minutes.
  std::string maxmemory_policy;                         ///< Redis's own word; empty: not known.
  std::optional<bool> evicts;  ///< It takes keys away when its memory is full. Empty: not known.
  std::optional<std::uint64_t> memory_used;    ///< Bytes, when it was last asked.
  std::optional<std::uint64_t> memory_max;     ///< The same; 0: no limit.
  std::vector<std::string> other_deployments;  ///< That use it, too; "": without a name.
};

/// Where the history of one workflow is heard. On one thread.
class Feed {
 public:
  /// `workflow` must outlive the feed.
  explicit Feed(const Workflow& workflow) : workflow_(&workflow) {}
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  virtual ~Feed() = default;

  /// Whose messages they are: what publishes and shows them reads and writes them by this.
  [[nodiscard]] const Workflow& workflow() const { return *workflow_; }

  /// Sets who hears the history; once only. The subscriber must outlive the feed, or its thread's
  /// last turn.
  virtual void subscribe(Subscriber& subscriber) = 0;

  /// Asks to tell everything that the history holds by now, since this process may hear of it late,
  /// or not at all for a while; then the subscriber's `on_caught_up` is called, once for all calls
  /// that it answers, and never within this call. While Redis is away, that waits for its return.
  virtual void catch_up() = 0;

  /// What may have become of the history that was told before the one that has just begun: the
  /// beginning of a sentence, or empty. Ask in `Subscriber::on_live`.
  [[nodiscard]] virtual std::string loss_reason() const { return {}; }

 private:
  const Workflow* workflow_;
};

/// Carries one workflow's messages to every subscriber of the history, this process's own included.
class Broker : public Feed {
 public:
  explicit Broker(const Workflow& workflow = registration_workflow()) : Feed(workflow) {}

  /// Publishes one message: the JSON text of an update, without an id. Callable from any thread;
  /// messages of one thread keep their order. Two publishes with one `key` are one: the second gets
  /// the first one's id. An empty key is replaced by one of the broker's own, under which it may
  /// try again. `done` (may be empty) is called on the broker's thread.
  virtual void publish(std::string message, std::string key, PublishHandler done) = 0;

  /// As `publish`, but does not wait for a broker that takes no messages: while it is away or
  /// refuses them, `done` gets an error at once. The message is not published later then, but for
  /// one whose acknowledgement was lost, which is tried again. A broker that never waits publishes.
  virtual void publish_now(std::string message, std::string key, PublishHandler done) {
    publish(std::move(message), std::move(key), std::move(done));
  }

  /// As `publish_now` for each, in their order; a broker that sends messages in batches sends them
  /// together.
  virtual void publish_all_now(std::vector<Publication> publications) {
    for (Publication& each : publications) {
      publish_now(std::move(each.message), std::move(each.key), std::move(each.done));
    }
  }

  /// False while the history can't be followed (Redis is away).
  [[nodiscard]] virtual bool is_connected() const = 0;

  /// Learned from what was last tried, and from a probe where nothing was for some seconds. On the
  /// broker's thread.
  [[nodiscard]] virtual Obstacles obstacles() { return {}; }

  /// Empty: there is no server. On the broker's thread.
  [[nodiscard]] virtual std::optional<ServerHealth> server_health() const { return {}; }

  /// Ask on the broker's thread.
  [[nodiscard]] virtual DroppedCounts dropped() const { return {}; }
};

}  // namespace regstream::broker
