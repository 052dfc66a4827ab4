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

/// Redis with what scripts/history does in it, as that file says. That it does the same is
/// tested beside a real Redis (tests/unit/broker/history_script_test.cpp). It is a primary, or
/// another one's replica, which has its writes a little later (simulated_redis_replication.cpp).
class SimulatedRedis {
 public:
  /// `truth` judges what enters the history; null: nobody does. `name` tells it from others, if
  /// there are any: none of them has its replication id either.
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

  /// The reply to a command, or each of its replies. To `AwaitHistory` it is what there is by now,
  /// and to `SubscribeChannels` nothing is heard yet: both need a connection (below).
  broker::HistoryReply answer(const broker::HistoryCommand& command) {
    return answer(command, incarnation_);
  }
  /// The same on a connection of that incarnation. Its server may be another one's replica now.
  broker::HistoryReply answer(const broker::HistoryCommand& command, std::uint64_t incarnation);

  using Wake = std::function<void(broker::AwaitedEntries)>;
  /// Calls `wake` once, as soon as there are entries after `after`.
  void await(EventId after, Wake wake);

  using Reached = std::function<void(broker::ReplicasReached)>;
  /// Calls `reached` once: as soon as so many replicas have what was written by now, or `timeout`
  /// is over. Not if it goes down before.
  void await_replicas(const broker::AwaitReplicas& await, Reached reached);

  using Hear = std::function<void(const std::string& message)>;
  /// `hear` is called for what is published on the channel, until `unsubscribe`.
  std::uint64_t subscribe(Hear hear);
  void unsubscribe(std::uint64_t subscription);
  void publish_bare(const std::string& text);

  void refuse_writes(bool refuses);
  [[nodiscard]] bool refuses_writes() const { return refuses_writes_; }

  /// The server becomes a replica: it refuses writes, in a way that asks for a new connection.
  void demote();
  /// There is a primary again: the same server, or another one, to which new connections lead.
  /// Those that were made before stay with the old one. It shows the new one's data, but is behind:
  /// on its channel nothing is heard any more, and nobody who waits there is woken.
  void promote(bool is_other);
  [[nodiscard]] bool is_demoted() const { return is_demoted_; }

  [[nodiscard]] bool is_up() const { return is_up_; }
  /// Of the history; `0-0` if there is none.
  [[nodiscard]] EventId end() const { return data_.end.value_or(EventId{}); }
  /// Counts restarts and promotions. A connection belongs to the one in which it was made.
  [[nodiscard]] std::uint64_t incarnation() const { return incarnation_; }
  /// Whether a connection of that incarnation still leads to a server.
  [[nodiscard]] bool reaches(std::uint64_t incarnation) const {
    return is_up_ && incarnation >= up_since_;
  }
  /// Whether that server is another one's replica now.
  [[nodiscard]] bool is_replaced(std::uint64_t incarnation) const {
    return incarnation < servers_.back();
  }
  void go_down();
  void come_up() { is_up_ = true; }
  void flush();

  /// From now on it is a replica of `primary`: what that one has by now replaces what it has
  /// itself, as soon as that has arrived.
  void follow(SimulatedRedis& primary);
  /// The same of a primary that waits until it has: a replica of it that is in step.
  void follow_at_once(const SimulatedRedis& primary);
  /// It is a primary from now on, with what it has.
  void become_primary();
  /// Its replicas hear nothing more of it.
  void lose_replicas();
  /// It has got what its primary had when it began to follow.
  [[nodiscard]] bool is_synced() const { return primary_ != nullptr && is_synced_; }
  /// How much was written: a primary's count is that of its replica that has all of it.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  /// What it writes is the newest truth.
  void set_authoritative(bool is_authoritative) { is_authoritative_ = is_authoritative; }
  /// Epochs are named after its calendar. Keys don't age by it here: they promise nothing to
  /// whoever sets it by more than they live.
  void advance_calendar(Duration wrong_by) { set_by_ = std::max(set_by_, wrong_by); }
  void save();
  void restore();
  /// The last entries, as many as given, with their keys, and with all of the same call, for it is
  /// lost as a whole; a Redis that syncs each write loses none.
  void lose_writes(std::size_t count);

 private:
  struct Entry {
    EventId id;
    std::string text;  // Empty: it tells of a loss.
    std::optional<EventId> adopted_as;
  };
  struct Key {
    EventId id;
    Instant expiry;
  };
  /// What is kept of the server that has written the history.
  struct Server {
    std::uint64_t replication_id = 0;
    bool is_durable = false;
    std::uint64_t epoch = 0;  // The last that began.
  };
  /// A batch that a publisher has sent.
  struct Batch {
    std::uint64_t first = 0;
    std::vector<std::optional<EventId>> ids;  // None: the update was refused.
    std::optional<EventId> begin;             // Of the entries that it has appended.
    EventId last;
  };
  /// What is kept of a publisher.
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
    std::optional<std::uint64_t> acknowledged;  // An offset. Empty: it is not in step yet.
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
  /// False: it would begin a history, and no writes are taken.
  [[nodiscard]] bool open(const broker::ScriptCall& call);
  void begin_epoch(const broker::ScriptCall& call);
  [[nodiscard]] std::uint64_t own_milliseconds(const broker::ScriptCall& call) const;
  void trim();
  [[nodiscard]] bool is_replica() const {
    return is_demoted_ || is_replica_asked_ || primary_ != nullptr;
  }
  /// All changes of a script reach a replica in one step.
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
  /// The error that a script's first write gets. Null: it is taken.
  [[nodiscard]] const broker::PassingError* refusal() const;
  /// Redis lets a script go on that has written something.
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
  std::uint64_t* const replication_ids_;  // The last one that was given. Null: there is one server.
  Data data_;
  Data saved_;
  std::vector<Waiter> waiters_;
  std::map<std::uint64_t, Hear> subscribers_;
  std::uint64_t subscriptions_ = 0;
  bool is_up_ = true;
  bool refuses_writes_ = false;
  bool is_demoted_ = false;
  bool is_promoted_ = false;       // This incarnation came by that.
  bool is_replica_asked_ = false;  // By the call that is being answered.
  bool has_script_ = false;
  bool has_written_ = false;         // The script that runs.
  bool was_oldest_message_ = false;  // When the history was opened last.
  std::uint64_t incarnation_ = 0;
  std::uint64_t replication_id_ = 0;
  SimulatedRedis* primary_ = nullptr;  // Null: it is one itself.
  bool is_synced_ = false;
  bool is_authoritative_ = false;
  std::vector<Replica> replicas_;
  std::vector<Change> changes_;  // Of the script that runs.
  bool has_changed_ = false;     // The same.
  std::uint64_t offset_ = 0;
  std::vector<ReplicaWaiter> replica_waiters_;
  std::uint64_t replica_waits_ = 0;
  std::uint64_t up_since_ = 0;             // Incarnations.
  std::vector<std::uint64_t> servers_{0};  // The incarnation in which each became the primary.
  Duration set_by_{};
};

/// A message with its id as the last member, as the script puts it there.
[[nodiscard]] std::string stamped(std::string_view text, EventId id);

}  // namespace regstream::simulation
