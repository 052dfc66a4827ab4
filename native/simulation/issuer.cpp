#include "simulation/issuer.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace regstream::simulation {
namespace {

constexpr Duration life_min{15'000};
constexpr Duration life_max{240'000};
/// Longer than every run.
constexpr Duration long_life{1'000'000'000};

/// How long an answer takes.
constexpr Duration answer_max{500};
constexpr std::uint64_t failed_per_mille = 100;
constexpr std::uint64_t unanswered_per_mille = 30;

/// When a key is withdrawn, and when the issuer fails for a while. All clients have started by
/// then.
constexpr Duration event_min{20'000};
constexpr Duration event_max{90'000};
constexpr Duration issuer_down_max{150'000};

constexpr std::size_t rights_max = 4;

/// What a gateway's slow clock adds to the longest lease: two per cent.
constexpr Duration drift_max{6'000};

}  // namespace

Issuer::Issuer(World& world, const FaultPlan& plan, std::uint64_t seed)
    : world_(world),
      registrations_(plan.registrations),
      is_in_use_(plan.has_tokens),
      chance_(seed, "tokens") {
  for (std::size_t gateway = 0; gateway < plan.gateways; ++gateway) {
    skews_.push_back(chance_.between(-skew_max, skew_max));
  }
}

std::vector<std::int64_t> Issuer::choose_rights() {
  std::vector<std::int64_t> rights;
  if (chance_.chance(400)) {
    return rights;
  }
  for (std::size_t count = 1 + chance_.index(rights_max); count > 0; --count) {
    rights.push_back(static_cast<std::int64_t>(chance_.between(std::uint64_t{1}, registrations_)));
  }
  std::sort(rights.begin(), rights.end());
  rights.erase(std::unique(rights.begin(), rights.end()), rights.end());
  return rights;
}

void Issuer::request(const std::vector<std::int64_t>& rights, Then then) {
  const bool is_well = has_recovered_ || !is_down_;
  if (!has_recovered_ && chance_.chance(unanswered_per_mille)) {
    return;
  }
  const bool fails = !is_well || (!has_recovered_ && chance_.chance(failed_per_mille));
  const Duration wait = chance_.between(Duration{0}, answer_max);
  world_.after(wait, [this, fails, rights, then = std::move(then)] {
    then(fails ? std::nullopt : std::optional{issue(rights)});
  });
}

Token Issuer::issue(const std::vector<std::int64_t>& rights) {
  const Duration life = has_long_lives_ ? long_life : chance_.between(life_min, life_max);
  tokens_.push_back({.number = tokens_.size() + 1,
                     .rights = rights,
                     .key = key_,
                     .expires_at = world_.now() + life});
  return tokens_.back();
}

void Issuer::begin(std::function<void(std::uint64_t key)> withdrawn) {
  if (!is_in_use_) {
    return;
  }
  world_.after(chance_.between(event_min, event_max), [this, withdrawn = std::move(withdrawn)] {
    world_.note("the issuer withdraws a key");
    withdrawn_at_ = world_.now();
    withdrawn(key_);
    ++key_;
  });
  const Duration down = chance_.between(Duration{0}, issuer_down_max);
  world_.after(chance_.between(event_min, event_max), [this, down] {
    world_.note("the issuer fails for " + std::to_string(down.count()) + " ms");
    is_down_ = true;
    world_.after(down, [this] { is_down_ = false; });
  });
}

void Issuer::recover() {
  has_recovered_ = true;
}

bool Issuer::is_withdrawn(const Token& token) const {
  return token.key < key_;
}

std::int64_t Issuer::gateway_timestamp_ms(std::size_t gateway) const {
  return timestamp_ms(world_.now() + skews_[gateway]);
}

Instant Issuer::delivers_until(const Token& token) const {
  const Instant end = token.expires_at + leeway + skew_max + drift_max;
  return is_withdrawn(token) ? std::min(end, *withdrawn_at_) : end;
}

}  // namespace regstream::simulation
