#pragma once

#include <optional>
#include <variant>

#include "hub/stream_pump.hpp"

namespace regstream::hub {

/// Why a new stream is refused. Empty: it is not, and its place is released at once.
inline std::optional<StreamRefusal> refusal_of(StreamPump& pump,
                                               const SubscriptionRequest& request = {}) {
  const auto admitted = pump.admit(request);
  const auto* const refusal = std::get_if<StreamRefusal>(&admitted);
  return refusal == nullptr ? std::nullopt : std::optional(*refusal);
}

}  // namespace regstream::hub
