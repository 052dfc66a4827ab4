#include <regstream/registration/view.hpp>

#include <algorithm>

#include <regstream/workflow/registration.hpp>

namespace regstream {

Progress progress_of(const RegistrationView& view, const Workflow& workflow) {
  Progress progress{.stages_done = 0, .stages_total = view.stages.size()};
  const auto is_declared = [&workflow](const StageView& stage) {
    return workflow.has_stage(stage.name);
  };
  if (std::all_of(view.stages.begin(), view.stages.end(), is_declared)) {
    progress.stages_total = std::max<std::size_t>(workflow.stages.size(), 1);
  }
  if (view.has_ended) {
    progress.stages_done = progress.stages_total;
    return progress;
  }
  for (const StageView& stage : view.stages) {
    if (stage.status != StageStatus::started) {
      ++progress.stages_done;
    }
  }
  return progress;
}

Progress progress_of(const RegistrationView& view) {
  return progress_of(view, registration_workflow());
}

}  // namespace regstream
