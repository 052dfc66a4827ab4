#pragma once

#include <regstream/message/update.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/registration/view.hpp>

namespace regstream {

/// Folds the update into the view as the next one. An update without an id that is older than the
/// view's newest only completes its stage.
Applied fold(RegistrationView& view, const Update& update, const Workflow& workflow,
             const RegistrationLimits& limits);

}  // namespace regstream
