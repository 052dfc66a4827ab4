#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/history_follower.hpp"
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

  EventId open(EventId known);
  broker::HistoryPage read(EventId known, std::optional<EventId> from);
  EventId publish(EventId known, const std::string& key, const std::string& text);
  std::optional<EventId> adopt(EventId known, const broker::Adopt& adopt);

  using Hear = std::function<void(const std::string& message)>;
  /// `hear` is called for what is published on the channel, until `unsubscribe`.
  std::uint64_t subscribe(Hear hear);
  void unsubscribe(std::uint64_t subscription);
  void publish_bare(const std::string& text);

  [[nodiscard]] bool is_up() const { return is_up_; }
  /// Counts restarts: connections of an earlier one are dead.
  [[nodiscard]] std::uint64_t incarnation() const { return incarnation_; }
  void go_down();
  void come_up() { is_up_ = true; }
  void flush();
  void save();
  void restore();

 private:
  struct Entry {
    EventId id;
    std::string text;
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
  };

  EventId append(const std::string& text, bool is_adopted);
  void send_out(const std::string& message);

  World& world_;
  Truth& truth_;
  const FaultPlan& plan_;
  const std::optional<Canary> canary_;
  Data data_;
  Data saved_;
  std::map<std::uint64_t, Hear> subscribers_;
  std::uint64_t subscriptions_ = 0;
  bool is_up_ = true;
  std::uint64_t incarnation_ = 0;
};

/// A message with its id as the last member, as the script puts it there.
[[nodiscard]] std::string stamped(std::string_view text, EventId id);

}  // namespace regstream::simulation
