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

/// A token, as gateways read it and judges know it. Times are the world's.
struct Token {
  std::uint64_t number = 0;  ///< Clients and gateways identify it by this number.
  /// The ids that it allows, ascending; none: all.
  std::vector<std::int64_t> rights;
  std::uint64_t key = 0;
  Instant expires_at{};
};

/// Gives short-lived tokens to clients, fails for a while, and withdraws a key. It has random
/// numbers of its own. In a run without tokens (`FaultPlan::has_tokens`) nobody uses it.
class Issuer {
 public:
  /// The gateways' default.
  static constexpr Duration leeway{30'000};
  /// How far a gateway's calendar may be off, in either direction.
  static constexpr Duration skew_max{10'000};

  Issuer(World& world, const FaultPlan& plan, std::uint64_t seed);

  [[nodiscard]] bool is_in_use() const { return is_in_use_; }
  /// Draws one client's rights for the whole run: some instances, or all.
  [[nodiscard]] std::vector<std::int64_t> choose_rights();

  /// Calls `then` after a while with a token, or with nothing if the issuer fails; or never.
  using Then = std::function<void(std::optional<Token>)>;
  void request(const std::vector<std::int64_t>& rights, Then then);

  /// Plans its failures in the faulty part. `withdrawn` must tell all running gateways.
  void begin(std::function<void(std::uint64_t key)> withdrawn);
  /// Never fails from now on.
  void recover();
  /// From now on tokens outlive the run.
  void settle() { has_long_lives_ = true; }

  // What gateways know.
  [[nodiscard]] const Token& token(std::uint64_t number) const {
    return tokens_[static_cast<std::size_t>(number - 1)];
  }
  [[nodiscard]] bool is_withdrawn(const Token& token) const;
  /// The time on the calendar by which a gateway judges tokens.
  [[nodiscard]] std::int64_t gateway_timestamp_ms(std::size_t gateway) const;
  [[nodiscard]] static std::int64_t timestamp_ms(Instant time) {
    return time.time_since_epoch().count();
  }

  /// A stream of this token may bring only updates that entered the history before this time.
  [[nodiscard]] Instant delivers_until(const Token& token) const;

 private:
  Token issue(const std::vector<std::int64_t>& rights);

  World& world_;
  const std::uint64_t registrations_;
  const bool is_in_use_;
  Chance chance_;
  std::vector<Duration> skews_;  // Of each gateway's calendar.
  std::vector<Token> tokens_;
  std::uint64_t key_ = 1;
  std::optional<Instant> withdrawn_at_;  // Of the first key.
  bool is_down_ = false;
  bool has_recovered_ = false;
  bool has_long_lives_ = false;
};

}  // namespace regstream::simulation
