#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string_view>

#include <regstream/message/update.hpp>
#include <regstream/registration/view.hpp>

namespace regstream {

struct RegistrationLimits {
  /// The given workflow has 4 stages; a publisher that invents a name per message stops here, and
  /// the view says that it has more (`has_more_stages`).
  std::size_t stages_max = 64;
  /// A message is a sentence for an operator. What is longer is cut in the view and ends with
  /// "…" there (the update itself has it whole), so that a snapshot with every stage stays well
  /// below a stream's line limit. At least 3.
  std::size_t message_bytes_max = 4096;
  /// Updates without an id that are kept so that a late one can be put in its place. Two
  /// validations of the given workflow are 18.
  std::size_t recent_updates_max = 32;
  /// What these may take; details of a megabyte are legal.
  std::size_t recent_bytes_max = 256U << 10U;
};

/// What applying an update did.
enum class Applied : std::uint8_t {
  changed,
  unchanged,           ///< It said nothing new: a duplicate, a replay, or older than what is known.
  other_registration,  ///< It belongs to another registration; the view is as before.
  too_many_stages,     ///< Its stage is beyond `stages_max`; the rest of it was applied.
};

/// How updates may have been missed.
enum class Gap : std::uint8_t {
  /// One message could not be read, or was too large. Those behind it belong to the same history.
  missed_message,
  /// The stream said `reset`: what comes next may belong to another history, whose ids and times
  /// need not be above those of the view.
  lost_history,
};

/// True where the update ends a validation: its status is final, and it starts no stage.
[[nodiscard]] bool ends_validation(const Update& update, const Workflow& workflow);

/// Folds the updates of one registration into one view, whatever way they come.
///
/// A validation begins with the first stage that starts, and ends with a final status. A stage that
/// starts after that begins another validation: stages, details and log of the earlier one are
/// dropped. A status update after a final one (COMPLETED long after APPROVED) keeps the stages.
///
/// The order of updates:
/// - Updates with an id come in the order of their ids, some of them again. One whose id is not
///   above the view's is dropped, and timestamps have no say in the order.
/// - Updates without an id may come in any order: the view is that of their timestamps' order, as
///   far back as they are kept. At one time an end comes after its stage's start, and a final
///   status after the stages; what else has one time can't be told apart, and stays as it came.
/// - An update without an id and without a timestamp comes after everything that came before it.
/// - An update without an id that is older than what can still be reordered (a snapshot, updates
///   with ids, updates that are not kept any more) may only complete its stage.
/// - A snapshot counts as the update whose id it has. An older one is dropped, unless updates
///   may have been missed; one without an id is the truth at that moment.
///
/// When updates may have been missed (`mark_gap`) the view stays, and says so (`has_gap`) until a
/// snapshot comes that does not. After a lost history nothing is compared with that view
/// (`has_lost_history`), and it has no id any more: any snapshot replaces it, and the first update
/// begins a new fold, which says so as well.
///
/// What is less than obvious:
/// - An update that says of its stage what is known already is a duplicate, however late it comes.
/// - A stage that starts again after it ended was retried: its times begin anew. A start with the
///   time of the start that is known already is a duplicate.
/// - A stage may end without its start having been seen.
/// - A final status ends the stages that still run (a publisher of the given system says no more of
///   them): as failed if it says so (FAILED), else as completed. Nothing runs in a final view.
/// - A publisher that sends no `stageStatus` may begin again without a start ("Checking for
///   duplicates"): the first stage, with a time after the final status, begins another validation.
/// - Any other stage update after the final status that starts nothing is a late one: it changes
///   its stage, not the outcome.
/// - A stage update whose status is final ends the validation as well, unless the stage just
///   starts.
/// - Details and process log stay until an update brings others.
class Registration {
 public:
  /// `workflow` says which statuses end an instance, and must outlive this.
  Registration(InstanceId id, const Workflow& workflow, RegistrationLimits limits = {});
  explicit Registration(std::int64_t registration_id, RegistrationLimits limits = {});

  /// `unchanged` still moves the view's id on where the update has a newer one.
  Applied apply(const Update& update);

  /// Takes the gateway's snapshot, or the view that an earlier client saved: the truth, whatever
  /// was known before.
  Applied apply_snapshot(RegistrationView snapshot);

  /// Updates may have been missed. `unchanged` if the view says so already.
  Applied mark_gap(Gap gap);

  [[nodiscard]] const RegistrationView& view() const { return view_; }

  /// What is kept besides the view, to put late updates in their place.
  [[nodiscard]] std::size_t recent_bytes() const { return recent_bytes_; }

 private:
  Applied fold_in(const Update& update);
  Applied apply_in_order_of_time(const Update& update);
  void forget_recent();

  [[nodiscard]] bool is_other(std::int64_t registration_id, std::string_view text_id) const;

  const Workflow* workflow_;
  RegistrationLimits limits_;
  RegistrationView view_;
  /// In the order in which they are folded. All updates here have no id.
  std::list<Update> recent_;
  /// The view without those in `recent_`; means nothing while there are none.
  RegistrationView before_recent_;
  std::size_t recent_bytes_ = 0;
};

}  // namespace regstream
