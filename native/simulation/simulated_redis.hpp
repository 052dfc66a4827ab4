#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "broker/history/history_follower.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/truth.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// Redis with what scripts/history.lua does in it, as that file says. The script itself is tested
/// beside a real Redis.
class SimulatedRedis {
 public:
  SimulatedRedis(World& world, Truth& truth, const FaultPlan& plan, std::optional<Canary> canary)
      : world_(world), truth_(truth), plan_(plan), canary_(canary) {
    save();
  }

  enum class Refusal : std::uint8_t {
    passing,       ///< No writes are taken for now.
    out_of_order,  ///< The message before it is not in the history.
  };
  template <typename Result>
  using Answer = std::variant<Result, Refusal>;

  Answer<EventId> open(EventId known);
  Answer<broker::HistoryPage> read(EventId known, std::optional<EventId> from);
  /// `key_before` as `HistoryCalls::publish` has it.
  Answer<EventId> publish(EventId known, const std::string& key, const std::string& text,
                          const std::string& key_before);
  Answer<std::optional<EventId>> adopt(EventId known, const broker::Adopt& adopt);
  Answer<EventId> lose(EventId known);

  using Wake = std::function<void(const std::vector<broker::HistoryEntry>& entries)>;
  /// Calls `wake` once, as soon as there are entries after `after`.
  void await(EventId after, Wake wake);

  using Hear = std::function<void(const std::string& message)>;
  /// `hear` is called for what is published on the channel, until `unsubscribe`.
  std::uint64_t subscribe(Hear hear);
  void unsubscribe(std::uint64_t subscription);
  void publish_bare(const std::string& text);

  void refuse_writes(bool refuses);
  [[nodiscard]] bool refuses_writes() const { return refuses_writes_; }

  [[nodiscard]] bool is_up() const { return is_up_; }
  /// Of the history; `0-0` if there is none.
  [[nodiscard]] EventId end() const { return data_.end.value_or(EventId{}); }
  /// Counts restarts: connections of an earlier one are dead.
  [[nodiscard]] std::uint64_t incarnation() const { return incarnation_; }
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
  struct Data {
    std::deque<Entry> entries;
    std::optional<EventId> end;
    std::map<std::string, Key> keys;
    std::optional<std::uint64_t> written_by;  // The incarnation.
  };

  struct Waiter {
    EventId after;
    Wake wake;
  };

  [[nodiscard]] bool has_key(const std::string& key) const;
  [[nodiscard]] bool may_have_lost() const;
  [[nodiscard]] static broker::HistoryEntry told(const Entry& entry);
  EventId append(const std::string& text, bool is_adopted);
  void wake_waiters();
  void send_out(const std::string& message);

  World& world_;
  Truth& truth_;
  const FaultPlan& plan_;
  const std::optional<Canary> canary_;
  Data data_;
  Data saved_;
  std::vector<Waiter> waiters_;
  std::map<std::uint64_t, Hear> subscribers_;
  std::uint64_t subscriptions_ = 0;
  bool is_up_ = true;
  bool refuses_writes_ = false;
  std::uint64_t incarnation_ = 0;
  Duration set_by_{};
};

/// A message with its id as the last member, as the script puts it there.
[[nodiscard]] std::string stamped(std::string_view text, EventId id);

}  // namespace regstream::simulation
