#pragma once

#include <cstdint>

#include <regstream/message/update.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/registration/view.hpp>

namespace regstream {

enum class Folded : std::uint8_t { unchanged, changed, no_room };

/// True where the update ends a validation: its status is final, and it starts no stage.
[[nodiscard]] bool ends_validation(const Update& update);

/// Folds the update into the view as the one that comes next. One without an id that is older than
/// the view's newest only completes its stage.
Folded fold(RegistrationView& view, const Update& update, const RegistrationLimits& limits);

}  // namespace regstream
