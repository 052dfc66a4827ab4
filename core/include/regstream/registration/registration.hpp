#pragma once

#include <cstddef>
#include <cstdint>

#include <regstream/message/update.hpp>
#include <regstream/registration/view.hpp>

namespace regstream {

struct RegistrationLimits {
  /// The given workflow has 4 stages; a publisher that invents a name per message stops here.
  std::size_t stages_max = 64;
  /// A message is a sentence for an operator. What is longer is cut in the view (the update itself
  /// has it whole), so that a snapshot with every stage stays well below a stream's line limit.
  std::size_t message_bytes_max = 4096;
};

/// What applying an update did.
enum class Applied : std::uint8_t {
  changed,
  unchanged,           ///< It said nothing new (a duplicate).
  other_registration,  ///< It belongs to another registration; the view is as before.
  too_many_stages,     ///< Its stage is beyond `stages_max`; the rest of it was applied.
};

/// Folds the updates of one registration, in the order of delivery, into one view.
///
/// A validation begins with the first stage that starts, and ends with a final status. A stage that
/// starts after that begins another validation: stages, details and log of the earlier one are
/// dropped. A status update after a final one (COMPLETED long after APPROVED) keeps the stages.
///
/// What is less than obvious:
/// - An update that says of its stage what is known already is a duplicate, however late it comes.
/// - A stage that starts again after it ended was retried: its times begin anew. A start with the
///   time of the start that is known already is a duplicate.
/// - A stage may end without its start having been seen.
/// - A final status ends the stages that still run (a publisher of the given system says no more of
///   them): as failed if it is FAILED, else as completed. Nothing runs in a final view.
/// - A publisher that sends no `stageStatus` may begin again without a start ("Checking for
///   duplicates"): the first stage, with a time after the final status, begins another validation.
/// - Any other stage update after the final status that starts nothing is a late one: it changes
///   its stage, not the outcome.
/// - A stage update whose status is final ends the validation as well, unless the stage just
/// starts.
/// - Details and process log stay until an update brings others.
class Registration {
 public:
  explicit Registration(std::int64_t registration_id, RegistrationLimits limits = {});

  Applied apply(const Update& update);

  /// Takes the gateway's snapshot: the truth, whatever was known before.
  Applied apply_snapshot(RegistrationView snapshot);

  [[nodiscard]] const RegistrationView& view() const { return view_; }

 private:
  enum class StageNews : std::uint8_t { none, some, no_room };

  [[nodiscard]] bool starts_validation(const Update& update) const;
  [[nodiscard]] StageNews apply_stage(const Update& update);
  void end_running_stages(const Update& update);

  RegistrationLimits limits_;
  RegistrationView view_;
  /// A final status has come, and no stage has started since. Outlives `is_final`: an unknown
  /// status may follow a final one.
  bool has_ended_ = false;
};

}  // namespace regstream
