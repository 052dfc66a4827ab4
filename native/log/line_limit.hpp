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

/// What a kind of log line is about. Only constants convert to a condition, so a peer can't
/// increase their number.
class Condition {
 public:
  template <std::size_t size>
  consteval Condition(const char (&name)[size])  // NOLINT(google-explicit-constructor)
      : name_(name, size - 1) {}

  /// One of at most 256 conditions with this name, such as an enumerator.
  [[nodiscard]] Condition of_kind(std::uint8_t kind) const {
    Condition other = *this;
    other.kind_ = kind;
    return other;
  }

  [[nodiscard]] std::string_view name() const { return name_; }

  /// The condition of one workflow, so that each workflow has its own lines. The name must outlive
  /// the condition.
  [[nodiscard]] Condition about(std::string_view workflow) const {
    Condition other = *this;
    other.workflow_ = workflow;
    return other;
  }
  /// Empty: it is not about a workflow.
  [[nodiscard]] std::string_view workflow() const { return workflow_; }

 private:
  friend class LineLimit;
  std::string_view name_;
  std::string_view workflow_;
  std::uint8_t kind_ = 0;
};

/// Decides which log lines are written: at most one for each condition in ten seconds, so that a
/// repeated mistake can't fill a disk. The first line is written at once. Lines that are held back
/// are counted, and the next written line has their number.
class LineLimit {
 public:
  static constexpr Duration interval{10'000};

  /// Asks about a line at `now`. Nothing: hold it back. Otherwise write it, with the returned
  /// number of lines that were held back since the last one.
  [[nodiscard]] std::optional<std::uint64_t> admit(Condition condition, Instant now);

 private:
  struct State {
    Instant next;
    std::uint64_t held_back = 0;
  };
  // The condition's name, kind and workflow.
  using Key = std::tuple<std::string_view, std::uint8_t, std::string>;
  std::map<Key, State> states_;
};

}  // namespace regstream::logging
