#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace regstream::hub {

/// Numbers for ids that are text, so that journal, index and subscriptions work on integers
/// whatever a workflow's ids are. Each text has one number for as long as anything names it; a
/// number is never given out twice.
///
/// Who knows what is named sweeps the rest away, when there is enough of it: so the table holds at
/// most twice what is named, or `unswept_max`, and a text costs its share of the sweeps, which does
/// not grow. Texts come from clients: a look-up takes the same few steps whatever they choose.
class IdTable {
 public:
  static constexpr std::size_t unswept_max = 1'024;

  [[nodiscard]] std::int64_t number_of(std::string_view text) {
    if (const auto known = numbers_.find(text); known != numbers_.end()) {
      return known->second;
    }
    return numbers_.emplace(text, ++last_).first->second;
  }

  /// Whether to `sweep` before more texts come.
  [[nodiscard]] bool is_sweep_due() const { return numbers_.size() >= sweep_size_; }
  /// Forgets each number of which `is_named` says that nothing names it.
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
