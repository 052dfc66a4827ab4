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

/// How messages get from publishers to gateways: one history of JSON messages, each with an event
/// id.
namespace regstream::broker {

/// Why a publish did not reach the broker.
struct PublishError {
  std::string what;  ///< One sentence: what failed, where, what to do.
};

/// The message's id in the history, or why it is not in the history.
using PublishResult = std::variant<EventId, PublishError>;
using PublishHandler = std::function<void(const PublishResult&)>;

/// One message of a batch. The members are those of `Broker::publish`.
struct Publication {
  std::string message;
  std::string key;
  PublishHandler done;
};

/// Why updates can't be read or published at the moment. Each text is the second half of a sentence
/// that anyone may see: it names no host and no file. Empty if there is no obstacle.
struct Obstacles {
  std::string reading;
  std::string publishing;
};

/// Receives the history: every message once, in order, without a gap. All methods are called on the
/// broker's thread. None may destroy the broker.
class Subscriber {
 public:
  /// A history begins, and everything received before is no longer part of it. This happens at the
  /// start, when the old history was lost, and when the subscriber missed more than the broker can
  /// deliver again. The messages after `position` follow, and then `on_live`.
  virtual void on_history(EventId position) = 0;
  /// The next message. Its JSON carries the id as "id". The view is valid during the call only.
  virtual void on_message(EventId id, std::string_view message) = 0;
  /// Everything that the history held when it began has been delivered. What follows is new.
  virtual void on_live() = 0;
  /// Answers `Feed::catch_up`: everything that the history held at that moment has been delivered.
  /// It comes while the history is live.
  virtual void on_caught_up() = 0;

 protected:
  ~Subscriber() = default;
};

/// Messages that others published on the channel and that did not enter the history.
struct DroppedCounts {
  DropCounts malformed;      ///< They are not updates.
  std::uint64_t forged = 0;  ///< They carry another message's id.
  /// How often messages arrived faster than they could be read. Nobody knows how many were lost
  /// then, so every stream gets a reset.
  std::uint64_t overflowing = 0;
};

/// The state of the server behind a broker, for people.
struct ServerHealth {
  std::optional<Duration> away_for;  ///< For how long it has been unusable. Empty: it is usable.
  std::optional<std::chrono::microseconds> round_trip;  ///< Of the latest short call.
  std::chrono::microseconds round_trip_max{};           ///< Of the last one to two minutes.
  std::string maxmemory_policy;                         ///< Redis's own word. Empty: not known.
  std::optional<bool> evicts;  ///< It evicts keys when its memory is full. Empty: not known.
  std::optional<std::uint64_t> memory_used;    ///< Bytes, when the broker last asked.
  std::optional<std::uint64_t> memory_max;     ///< The same; 0: no limit.
  std::vector<std::string> other_deployments;  ///< That use the same server. "": one without a
                                               ///< name.
};

/// Delivers the history of one workflow to one subscriber. Lives on one thread.
class Feed {
 public:
  /// `workflow` must outlive the feed.
  explicit Feed(const Workflow& workflow) : workflow_(&workflow) {}
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  virtual ~Feed() = default;

  /// The workflow that the messages belong to. Publishers encode by it, and readers decode by it.
  [[nodiscard]] const Workflow& workflow() const { return *workflow_; }

  /// Sets the subscriber. Call it once. The subscriber must outlive the feed, or the last turn of
  /// the feed's thread.
  virtual void subscribe(Subscriber& subscriber) = 0;

  /// Asks the broker to deliver everything that the history holds by now. This process may
  /// otherwise learn of it late, or not at all for a while. `on_caught_up` follows: one call may
  /// answer several requests, and it never comes within this call. While Redis is away, it waits
  /// for Redis to return.
  virtual void catch_up() = 0;

  /// Why the history before the current one may have ended: the first half of a sentence, or empty.
  /// Call it in `Subscriber::on_live`.
  [[nodiscard]] virtual std::string loss_reason() const { return {}; }

 private:
  const Workflow* workflow_;
};

/// Carries one workflow's messages to every subscriber of its history, in this process and in
/// others.
class Broker : public Feed {
 public:
  explicit Broker(const Workflow& workflow = registration_workflow()) : Feed(workflow) {}

  /// Publishes one message: the JSON text of an update, without an id. Callable from any thread;
  /// messages of one thread keep their order.
  ///
  /// Two publishes with the same `key` are one message: the second one gets the id of the first. If
  /// `key` is empty, the broker makes one up, so that it can safely retry. `done` (may be empty) is
  /// called on the broker's thread.
  virtual void publish(std::string message, std::string key, PublishHandler done) = 0;

  /// Like `publish`, but fails at once while the broker accepts no messages: `done` gets an error,
  /// and the message is not published later. The exception is a message that was sent and whose
  /// acknowledgement was lost: the broker retries that one. A broker that never has to wait
  /// publishes as usual.
  virtual void publish_now(std::string message, std::string key, PublishHandler done) {
    publish(std::move(message), std::move(key), std::move(done));
  }

  /// Calls `publish_now` for each message, in order. A broker that sends batches sends these as
  /// one.
  virtual void publish_all_now(std::vector<Publication> publications) {
    for (Publication& each : publications) {
      publish_now(std::move(each.message), std::move(each.key), std::move(each.done));
    }
  }

  /// False while the history can't be followed (Redis is away).
  [[nodiscard]] virtual bool is_connected() const = 0;

  /// Why updates can't be read or published now, learned from the last attempts. If there were none
  /// for some seconds, the broker probes. Call it on the broker's thread.
  [[nodiscard]] virtual Obstacles obstacles() { return {}; }

  /// Empty if the broker has no server. Call it on the broker's thread.
  [[nodiscard]] virtual std::optional<ServerHealth> server_health() const { return {}; }

  /// Call it on the broker's thread.
  [[nodiscard]] virtual DroppedCounts dropped() const { return {}; }
};

}  // namespace regstream::broker
