#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <regstream/time.hpp>

#include "simulation/chance.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// A token as a gateway reads it, and as the judges know it. Times are the world's.
struct Token {
  std::uint64_t number = 0;  ///< Its clients and gateways name it by this.
  /// What it lets its bearer hear, in order; none: everything.
  std::vector<std::int64_t> rights;
  std::uint64_t key = 0;
  Instant expires_at{};
};

/// Gives tokens of short lives to clients, fails for a while, and withdraws a key. Its random
/// numbers are its own. In a run without tokens (`FaultPlan::has_tokens`) nobody asks it.
class Issuer {
 public:
  /// As gateways have it by default.
  static constexpr Duration leeway{30'000};
  /// How wrong a gateway's calendar may be, either way.
  static constexpr Duration skew_max{10'000};

  Issuer(World& world, const FaultPlan& plan, std::uint64_t seed);

  [[nodiscard]] bool is_in_use() const { return is_in_use_; }
  /// For one client, once and for all: some of the instances, or everything.
  [[nodiscard]] std::vector<std::int64_t> choose_rights();

  /// `told` hears of the token after a while, or why there is none, or nothing at all.
  using Then = std::function<void(std::optional<Token>)>;
  void request(const std::vector<std::int64_t>& rights, Then then);

  /// Plans what befalls it in the faulty part. `withdrawn` tells all gateways that run.
  void begin(std::function<void(std::uint64_t key)> withdrawn);
  /// From now on it does not fail.
  void recover();
  /// From now on tokens last.
  void settle() { lives_long_ = true; }

  // What a gateway knows.
  [[nodiscard]] const Token& token(std::uint64_t number) const {
    return tokens_[static_cast<std::size_t>(number - 1)];
  }
  [[nodiscard]] bool is_withdrawn(const Token& token) const;
  /// The time by the calendar that a gateway judges tokens by.
  [[nodiscard]] std::int64_t gateway_timestamp_ms(std::size_t gateway) const;
  [[nodiscard]] static std::int64_t timestamp_ms(Instant time) {
    return time.time_since_epoch().count();
  }

  /// Until when updates may have entered the history that a stream of this token hears.
  [[nodiscard]] Instant hears_until(const Token& token) const;

 private:
  Token issue(const std::vector<std::int64_t>& rights);

  World& world_;
  const std::uint64_t registrations_;
  const bool is_in_use_;
  Chance chance_;
  std::vector<Duration> skews_;  // Of the gateways.
  std::vector<Token> tokens_;
  std::uint64_t key_ = 1;
  std::optional<Instant> withdrawn_at_;  // Of the first key.
  bool is_down_ = false;
  bool has_recovered_ = false;
  bool lives_long_ = false;
};

}  // namespace regstream::simulation
