#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace regstream::hub {

/// Gives numbers to ids that are text, so that journal, index and subscriptions work on integers
/// for every workflow. A text keeps its number as long as anything refers to it. No number is used
/// twice.
///
/// The owner sweeps unused numbers away from time to time. So the table holds at most twice the
/// used ones, or `unswept_max`, and the cost per text does not grow. Clients choose the texts: a
/// look-up takes about the same few steps for any of them.
class IdTable {
 public:
  static constexpr std::size_t unswept_max = 1'024;

  [[nodiscard]] std::int64_t number_of(std::string_view text) {
    if (const auto known = numbers_.find(text); known != numbers_.end()) {
      return known->second;
    }
    return numbers_.emplace(text, ++last_).first->second;
  }

  /// Whether to call `sweep` before the next look-up.
  [[nodiscard]] bool is_sweep_due() const { return numbers_.size() >= sweep_size_; }
  /// Forgets each number for which `is_named` returns false.
  template <typename IsNamed>
  void sweep(IsNamed is_named) {
    std::erase_if(numbers_, [&](const auto& entry) { return !is_named(entry.second); });
    sweep_size_ = std::max(unswept_max, 2 * numbers_.size());
  }

  [[nodiscard]] std::size_t size() const { return numbers_.size(); }

 private:
  std::map<std::string, std::int64_t, std::less<>> numbers_;
  std::int64_t last_ = 0;
  std::size_t sweep_size_ = unswept_max;
};

}  // namespace regstream::hub
