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
  refused = 2,  ///< The server refuses the stream for good, or wants no reconnect.
};

/// Nothing: the instance goes on, or its status is not known yet.
[[nodiscard]] std::optional<Outcome> outcome_of(const RegistrationView& view,
                                                const Workflow& workflow);

/// Of a stream that has closed. Nothing: the caller has closed it.
[[nodiscard]] std::optional<Outcome> outcome_of(ConnectionReason reason);

}  // namespace regstream::watch
