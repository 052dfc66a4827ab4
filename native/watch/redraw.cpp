#include "watch/redraw.hpp"

#include <algorithm>

namespace regstream::watch {

void Redraw::changed(Instant now) {
  const Instant earliest = last_ ? std::max(now, *last_ + spacing_min) : now;
  due_ = due_ ? std::min(*due_, earliest) : earliest;
}

void Redraw::drawn(Instant now, bool is_running) {
  last_ = now;
  due_ = is_running ? std::optional{now + running_interval} : std::nullopt;
}

}  // namespace regstream::watch
