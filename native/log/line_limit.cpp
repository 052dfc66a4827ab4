#include "log/line_limit.hpp"

#include <string>
#include <utility>

namespace regstream::logging {

std::optional<std::uint64_t> LineLimit::admit(Condition condition, Instant now) {
  const auto [found, is_first] =
      states_.try_emplace(Key{condition.name_, condition.kind_, std::string(condition.workflow_)});
  State& state = found->second;
  if (!is_first && now < state.next) {
    ++state.held_back;
    return std::nullopt;
  }
  state.next = now + interval;
  return std::exchange(state.held_back, 0);
}

}  // namespace regstream::logging
