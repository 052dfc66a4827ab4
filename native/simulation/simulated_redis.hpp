#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/history/history_command.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/line.hpp"
#include "simulation/truth.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// Redis with the script scripts/history. A test compares it with the script in a real Redis
/// (tests/unit/broker/history_script_test.cpp). It is a primary, or a replica that gets its
/// primary's writes a little later (simulated_redis_replication.cpp).
class SimulatedRedis {
 public:
  /// `truth` checks what enters the history; null: no check. `name` and the replication id, from
  /// `replication_ids`, distinguish it from other servers.
  SimulatedRedis(World& world, Truth* truth, const FaultPlan& plan, std::optional<Canary> canary,
                 std::string name = {}, std::uint64_t* replication_ids = nullptr)
      : world_(world),
        truth_(truth),
        plan_(plan),
        canary_(canary),
        name_(std::move(name)),
        replication_ids_(replication_ids) {
    save();
  }
  SimulatedRedis(const SimulatedRedis&) = delete;
  SimulatedRedis& operator=(const SimulatedRedis&) = delete;

  /// The reply to a command, or each of its replies. `AwaitHistory` gets what there is now, and
  /// `SubscribeChannels` doesn't subscribe: both need a connection (below).
  broker::HistoryReply answer(const broker::HistoryCommand& command) {
    return answer(command, incarnation_);
  }
  /// The same for a connection of that incarnation. Its server may be a replica by now.
  broker::HistoryReply answer(const broker::HistoryCommand& command, std::uint64_t incarnation);

  using Wake = std::function<void(broker::AwaitedEntries)>;
  /// Calls `wake` once, as soon as there are entries after `after`.
  void await(EventId after, Wake wake);

  using Reached = std::function<void(broker::ReplicasReached)>;
  /// Calls `reached` once: when enough replicas have what is written now, or after `timeout`. Not
  /// if the server goes down before.
  void await_replicas(const broker::AwaitReplicas& await, Reached reached);

  using Hear = std::function<void(const std::string& message)>;
  /// Calls `hear` for each message on the channel, until `unsubscribe`.
  std::uint64_t subscribe(Hear hear);
  void unsubscribe(std::uint64_t subscription);
  void publish_bare(const std::string& text);

  void refuse_writes(bool refuses);
  [[nodiscard]] bool refuses_writes() const { return refuses_writes_; }

  /// The server becomes a replica. It refuses writes with an error that makes clients reconnect.
  void demote();
  /// There is a primary again: the same server, or another one, to which new connections lead. Old
  /// connections stay with the old server. It shows the new one's data, but its channel is silent,
  /// and it wakes no waiter.
  void promote(bool is_other);
  [[nodiscard]] bool is_demoted() const { return is_demoted_; }

  [[nodiscard]] bool is_up() const { return is_up_; }
  /// The history's last id; `0-0` if there is no history.
  [[nodiscard]] EventId end() const { return data_.end.value_or(EventId{}); }
  /// Counts restarts and promotions. A connection belongs to the incarnation in which it was made.
  [[nodiscard]] std::uint64_t incarnation() const { return incarnation_; }
  /// Whether a connection of that incarnation still leads to a server.
  [[nodiscard]] bool reaches(std::uint64_t incarnation) const {
    return is_up_ && incarnation >= up_since_;
  }
  /// Whether that server is a replica now.
  [[nodiscard]] bool is_replaced(std::uint64_t incarnation) const {
    return incarnation < servers_.back();
  }
  void go_down();
  void come_up() { is_up_ = true; }
  void flush();

  /// Becomes a replica of `primary`. The primary's current data replaces its own when it arrives.
  void follow(SimulatedRedis& primary);
  /// The same, with a primary that waits until the replica is in sync.
  void follow_at_once(const SimulatedRedis& primary);
  /// Becomes a primary with its own data.
  void become_primary();
  /// Its replicas get nothing more from it.
  void lose_replicas();
  /// It has received the primary's data from the time when it began to follow.
  [[nodiscard]] bool is_synced() const { return primary_ != nullptr && is_synced_; }
  /// Counts the writes. A replica with everything has the same count as its primary.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  /// Whether its writes define the truth.
  void set_authoritative(bool is_authoritative) { is_authoritative_ = is_authoritative; }
  /// Epochs are named after this server's calendar. Keys don't expire by it here: they guarantee
  /// nothing if the calendar is set by more than their lifetime.
  void advance_calendar(Duration wrong_by) { set_by_ = std::max(set_by_, wrong_by); }
  void save();
  void restore();
  /// Loses the last `count` entries and their keys. A call is lost as a whole, with all its
  /// entries. A Redis that syncs each write loses none.
  void lose_writes(std::size_t count);

 private:
  struct Entry {
    EventId id;
    std::string text;  // Empty: the entry records a loss.
    std::optional<EventId> adopted_as;
  };
  struct Key {
    EventId id;
    Instant expiry;
  };
  /// What the history stores about the server that wrote it.
  struct Server {
    std::uint64_t replication_id = 0;
    bool is_durable = false;
    std::uint64_t epoch = 0;  // The last one that began.
  };
  /// A batch of a publisher.
  struct Batch {
    std::uint64_t first = 0;
    std::vector<std::optional<EventId>> ids;  // Nothing if the update was refused.
    std::optional<EventId> begin;             // The first entry that it appended.
    EventId last;
  };
  /// What the history stores about a publisher.
  struct Place {
    std::deque<Batch> batches;  // Never empty.
    Instant expiry;
  };
  struct Data {
    std::deque<Entry> entries;
    std::optional<EventId> end;
    std::map<std::string, Key> keys;
    std::map<std::string, Place> places;
    std::optional<Server> server;
  };

  using Change = std::function<void(Data&)>;
  struct Replica {
    SimulatedRedis* server;
    std::shared_ptr<Line> line;
    std::shared_ptr<Line> back;
    std::optional<std::uint64_t> acknowledged;  // An offset. Empty: not in sync yet.
  };
  struct ReplicaWaiter {
    std::uint64_t number;
    std::uint64_t offset;
    std::size_t count;
    Reached reached;
  };

  struct Waiter {
    EventId after;
    Wake wake;
  };

  broker::HistoryReply answer(const broker::ScriptCall& call);
  [[nodiscard]] std::string server_of(std::uint64_t incarnation) const;
  broker::HistoryReply run(const broker::ScriptCall& call);
  broker::HistoryReply run(const broker::ScriptCall& call, const broker::OpenHistory& open);
  broker::HistoryReply run(const broker::ScriptCall& call, const broker::ReadHistory& read);
  broker::HistoryReply run(const broker::ScriptCall& call, const broker::PublishBatch& batch);
  broker::HistoryReply run(const broker::ScriptCall& call, const broker::ProbePublishing& probe);
  broker::HistoryReply run(const broker::ScriptCall& call, const broker::Adopt& adopt);
  broker::HistoryReply run(const broker::ScriptCall& call, const broker::RecordLoss& loss);
  /// False if it would begin a history, but writes are refused.
  [[nodiscard]] bool open(const broker::ScriptCall& call);
  void begin_epoch(const broker::ScriptCall& call);
  [[nodiscard]] std::uint64_t own_milliseconds(const broker::ScriptCall& call) const;
  void trim();
  [[nodiscard]] bool is_replica() const {
    return is_demoted_ || is_replica_asked_ || primary_ != nullptr;
  }
  /// Replicas get all changes of a script in one step.
  void write(Change change);
  void replicate();
  void apply(const std::vector<Change>& changes, std::uint64_t offset);
  void acknowledge(std::uint64_t offset);
  void on_acknowledged(const SimulatedRedis& replica, std::uint64_t offset);
  [[nodiscard]] std::size_t replicas_with(std::uint64_t offset) const;
  void answer_replica_waiter(std::uint64_t number);
  void change_replication_id() {
    replication_id_ = replication_ids_ != nullptr ? ++*replication_ids_ : incarnation_;
  }
  /// The error for a script's first write. Null: writes are accepted.
  [[nodiscard]] const broker::PassingError* refusal() const;
  /// Redis doesn't refuse later writes of a script that has written already.
  [[nodiscard]] bool refuses() const { return refusal() != nullptr && !has_written_; }
  [[nodiscard]] bool may_have_lost(const broker::ScriptCall& call,
                                   std::optional<Server>& server) const;
  broker::HistoryReply refuse(Situation situation);
  [[nodiscard]] const EventId* id_of_key(const std::string& key) const;
  [[nodiscard]] const Place* place_of(const std::string& publisher) const;
  [[nodiscard]] std::optional<broker::PublishResult> settled(
      const broker::PublishBatch::Update& update);
  [[nodiscard]] broker::Published answered(const Batch& known, const broker::PublishBatch& batch);
  void remember(const broker::PublishBatch& batch, Batch sent);
  [[nodiscard]] static broker::HistoryEntry history_entry(const Entry& entry);
  EventId append(const std::string& text, bool is_adopted, std::optional<EventId> adopted_as = {});
  void keep_length();
  void wake_waiters();
  void send_out(const std::string& message);

  World& world_;
  Truth* truth_;
  const FaultPlan& plan_;
  const std::optional<Canary> canary_;
  const std::string name_;
  std::uint64_t* const
      replication_ids_;  // The last replication id that was given. Null: there is one server.
  Data data_;
  Data saved_;
  std::vector<Waiter> waiters_;
  std::map<std::uint64_t, Hear> subscribers_;
  std::uint64_t subscriptions_ = 0;
  bool is_up_ = true;
  bool refuses_writes_ = false;
  bool is_demoted_ = false;
  bool is_promoted_ = false;       // Whether this incarnation began by a promotion.
  bool is_replica_asked_ = false;  // Whether the current call came to a replica.
  bool has_script_ = false;
  bool has_written_ = false;         // Of the running script.
  bool was_oldest_message_ = false;  // When the history was last opened.
  std::uint64_t incarnation_ = 0;
  std::uint64_t replication_id_ = 0;
  SimulatedRedis* primary_ = nullptr;  // Null: this is a primary.
  bool is_synced_ = false;
  bool is_authoritative_ = false;
  std::vector<Replica> replicas_;
  std::vector<Change> changes_;  // Of the running script.
  bool has_changed_ = false;     // The same.
  std::uint64_t offset_ = 0;
  std::vector<ReplicaWaiter> replica_waiters_;
  std::uint64_t replica_waits_ = 0;
  std::uint64_t up_since_ = 0;  // Incarnations.
  std::vector<std::uint64_t> servers_{
      0};  // The incarnation in which each server became the primary.
  Duration set_by_{};
};

/// Adds the id as the last member of a message, as the script does.
[[nodiscard]] std::string stamped(std::string_view text, EventId id);

}  // namespace regstream::simulation
