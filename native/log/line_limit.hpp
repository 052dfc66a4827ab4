#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
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

  [[nodiscard]] std::string_view name() const { return name_; }

  /// The same of one workflow, whose name must outlive the condition: each has lines of its own.
  [[nodiscard]] Condition about(std::string_view workflow) const {
    Condition other = *this;
    other.workflow_ = workflow;
    return other;
  }
  /// Empty: it is not about one.
  [[nodiscard]] std::string_view workflow() const { return workflow_; }

 private:
  friend class LineLimit;
  std::string_view name_;
  std::string_view workflow_;
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
  // Its name, kind and workflow.
  using Key = std::tuple<std::string_view, std::uint8_t, std::string>;
  std::map<Key, State> states_;
};

}  // namespace regstream::logging
