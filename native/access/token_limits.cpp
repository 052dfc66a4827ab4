#include "access/token_limits.hpp"

namespace regstream::access {

std::optional<TokenPlace> TokenLimits::enter_stream(const Grant& grant) {
  if (grant.token.empty()) {
    return TokenPlace();
  }
  std::optional<TokenPlace> place = streams_.enter(grant.token);
  if (!place) {
    ++streams_refused_;
  }
  return place;
}

std::optional<Duration> TokenLimits::refuse_update(const Grant& grant, std::size_t bytes,
                                                   Instant now) {
  if (grant.token.empty()) {
    return std::nullopt;
  }
  const std::optional<Duration> wait = updates_.refuse(grant.token, bytes, now);
  if (wait) {
    ++updates_refused_;
  }
  return wait;
}

}  // namespace regstream::access
