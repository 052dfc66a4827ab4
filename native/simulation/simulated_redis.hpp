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
#include "simulation/truth.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// Redis with what scripts/history.lua does in it, as that file says. That it does the same is
/// tested beside a real Redis (tests/unit/broker/history_script_test.cpp).
class SimulatedRedis {
 public:
  /// `truth` judges what enters the history; null: nobody does.
  SimulatedRedis(World& world, Truth* truth, const FaultPlan& plan, std::optional<Canary> canary)
      : world_(world), truth_(truth), plan_(plan), canary_(canary) {
    save();
  }

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
  /// Epochs are named after its calendar. Keys don't age by it here: they promise nothing to
  /// whoever sets it by more than they live.
  void advance_calendar(Duration wrong_by) { set_by_ = std::max(set_by_, wrong_by); }
  void save();
  void restore();
  /// The last entries, as many as given, with their keys; a Redis that syncs each write loses none.
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
    std::uint64_t incarnation = 0;
    bool is_durable = false;
    std::uint64_t epoch = 0;  // The last that began.
  };
  struct Data {
    std::deque<Entry> entries;
    std::optional<EventId> end;
    std::map<std::string, Key> keys;
    std::optional<Server> server;
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
  broker::HistoryReply run(const broker::ScriptCall& call, const broker::PublishUpdate& publish);
  broker::HistoryReply run(const broker::ScriptCall& call, const broker::ProbePublishing& probe);
  broker::HistoryReply run(const broker::ScriptCall& call, const broker::Adopt& adopt);
  broker::HistoryReply run(const broker::ScriptCall& call, const broker::TellLoss& loss);
  /// False: it would begin a history, and no writes are taken.
  [[nodiscard]] bool open(const broker::ScriptCall& call);
  void begin_epoch(EventId known);
  void trim();
  [[nodiscard]] bool is_replica() const { return is_demoted_ || is_replica_asked_; }
  /// The error that a script's first write gets. Null: it is taken.
  [[nodiscard]] const broker::PassingError* refusal() const;
  /// Redis lets a script go on that has written something.
  [[nodiscard]] bool refuses() const { return refusal() != nullptr && !has_written_; }
  [[nodiscard]] bool may_have_lost(std::optional<bool> is_durable,
                                   std::optional<Server>& server) const;
  broker::HistoryReply refuse(Sight sight);
  [[nodiscard]] const EventId* id_of_key(const std::string& key) const;
  [[nodiscard]] static broker::HistoryEntry told(const Entry& entry);
  EventId append(const std::string& text, bool is_adopted);
  void wake_waiters();
  void send_out(const std::string& message);

  World& world_;
  Truth* truth_;
  const FaultPlan& plan_;
  const std::optional<Canary> canary_;
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
  std::uint64_t up_since_ = 0;             // Incarnations.
  std::vector<std::uint64_t> servers_{0};  // The incarnation in which each became the primary.
  Duration set_by_{};
};

/// A message with its id as the last member, as the script puts it there.
[[nodiscard]] std::string stamped(std::string_view text, EventId id);

}  // namespace regstream::simulation
