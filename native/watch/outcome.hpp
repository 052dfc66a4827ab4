#pragma once

#include <cstdint>
#include <optional>

#include <regstream/connection/transitions.hpp>
#include <regstream/registration/view.hpp>
#include <regstream/workflow/workflow.hpp>

/// What `regstream watch` exits with.
namespace regstream::watch {

enum class Outcome : std::uint8_t {
  final = 0,    ///< The instance has a final status.
  failed = 1,   ///< The instance has a final status that its workflow calls failed.
  refused = 2,  ///< The server refuses the stream for good, or wants no reconnect (204).
};

/// Nothing if the instance is still in progress, or its status is unknown.
[[nodiscard]] std::optional<Outcome> outcome_of(const RegistrationView& view,
                                                const Workflow& workflow);

/// For a stream that has closed. Nothing if the caller closed it.
[[nodiscard]] std::optional<Outcome> outcome_of(ConnectionReason reason);

}  // namespace regstream::watch
