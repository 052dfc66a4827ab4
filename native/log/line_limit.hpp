#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

#include <regstream/time.hpp>

namespace regstream::logging {

/// What a kind of log line is about. Only a constant converts to one: there are as many conditions
/// as the sources name, whatever a peer sends.
class Condition {
 public:
  template <std::size_t size>
  consteval Condition(const char (&name)[size])  // NOLINT(google-explicit-constructor)
      : name_(name, size - 1) {}

  /// One of at most 256 conditions of this name: an enumerator, say.
  [[nodiscard]] Condition of_kind(std::uint8_t kind) const {
    Condition other = *this;
    other.kind_ = kind;
    return other;
  }

  friend bool operator<(const Condition& left, const Condition& right) {
    return std::tie(left.name_, left.kind_) < std::tie(right.name_, right.kind_);
  }

 private:
  std::string_view name_;
  std::uint8_t kind_ = 0;
};

/// Decides which lines of a log are written: at most one for each condition in ten seconds, so that
/// nobody fills a disk by repeating a mistake. The first is written at once. Lines that are held
/// back are counted, and the next one that is written tells their number.
class LineLimit {
 public:
  static constexpr Duration interval{10'000};

  /// A line is due at `now`. Nothing: hold it back. Otherwise write it, with the number of those
  /// that were held back since the last one.
  [[nodiscard]] std::optional<std::uint64_t> admit(Condition condition, Instant now);

 private:
  struct State {
    Instant next;
    std::uint64_t held_back = 0;
  };
  std::map<Condition, State> states_;
};

}  // namespace regstream::logging
