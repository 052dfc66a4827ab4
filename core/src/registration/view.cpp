#include <regstream/registration/view.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace regstream {
namespace {

/// The contract's workflow.
constexpr std::array<std::string_view, 4> workflow_stages{"duplicate_check", "t24_lookup",
                                                          "account_validation", "status_update"};

bool is_of_workflow(const StageView& stage) {
  return std::find(workflow_stages.begin(), workflow_stages.end(), stage.name) !=
         workflow_stages.end();
}

}  // namespace

Progress progress_of(const RegistrationView& view) {
  Progress progress{.stages_done = 0, .stages_total = view.stages.size()};
  if (std::all_of(view.stages.begin(), view.stages.end(), is_of_workflow)) {
    progress.stages_total = workflow_stages.size();
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

}  // namespace regstream
