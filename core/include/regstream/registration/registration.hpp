#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string_view>

#include <regstream/message/update.hpp>
#include <regstream/registration/view.hpp>

namespace regstream {

struct RegistrationLimits {
  /// The built-in workflow has 4 stages. This stops a publisher that invents a stage name for each
  /// message; the view then says that it has more (`has_more_stages`).
  std::size_t stages_max = 64;
  /// A message is a sentence for an operator. The view cuts a longer one and ends it with "…" (the
  /// update itself keeps the whole text), so that a snapshot with every stage stays well below a
  /// stream's line limit. At least 3.
  std::size_t message_bytes_max = 4096;
  /// How many updates without an id are kept, so that a late one can be put in its place. Two
  /// validations of the built-in workflow are 18.
  std::size_t recent_updates_max = 32;
  /// How many bytes those updates may take: details of a megabyte are legal.
  std::size_t recent_bytes_max = 256U << 10U;
};

/// The result of applying an update.
enum class Applied : std::uint8_t {
  changed,
  unchanged,           ///< It said nothing new: a duplicate, a replay, or an older update.
  other_registration,  ///< It belongs to another registration; the view is unchanged.
  too_many_stages,     ///< Its stage is over `stages_max`; the rest of it was applied.
};

/// How updates may have been missed.
enum class Gap : std::uint8_t {
  /// One message was unreadable or too large. The messages after it belong to the same history.
  missed_message,
  /// The stream said `reset`. What follows may belong to another history, whose ids and times may
  /// be below those of the view.
  lost_history,
};

/// Whether the update ends a validation: its status is final, and it does not start a stage.
[[nodiscard]] bool ends_validation(const Update& update, const Workflow& workflow);

/// Folds the updates of one registration into one view, in whatever order and however often they
/// arrive.
///
/// A validation begins with the first stage that starts, and ends with a final status. A stage that
/// starts after that begins a new validation, which drops the stages, details and log of the
/// earlier one. A status update after a final one (COMPLETED long after APPROVED) keeps the stages.
///
/// The order of updates:
/// - Updates with an id arrive in the order of their ids, possibly more than once. The fold drops
///   an update whose id is not above the view's, and ignores timestamps.
/// - Updates without an id may arrive in any order: the view is the one that the order of their
///   timestamps gives, as far back as they are kept. With equal timestamps, a stage's end comes
///   after its start, and a final status after the stages; otherwise the order of arrival decides.
/// - An update without an id and without a timestamp comes after everything that arrived before it.
/// - An update without an id that is too old to reorder (older than a snapshot, than updates with
///   ids, or than the updates that are kept) may only complete its stage.
/// - A snapshot counts as the update whose id it has. An older one is dropped, unless updates may
///   have been missed. A snapshot without an id is the truth at that moment.
///
/// When updates may have been missed (`mark_gap`), the view stays and has `has_gap` until a
/// snapshot without a gap arrives. After a lost history (`has_lost_history`) the view has no id any
/// more, and nothing is compared with it: any snapshot replaces it, and the first update begins a
/// new view, which has `has_gap` as well.
///
/// Less obvious rules:
/// - An update that repeats what is known of its stage is a duplicate, however late it arrives.
/// - A stage that starts again after it ended was retried: its times begin again. A start with the
///   same time as the known start is a duplicate.
/// - A stage may end although its start was never seen.
/// - A final status ends the stages that still run, since a publisher of the given system reports
///   nothing more about them: as failed if the status is a failed one (FAILED), else as completed.
///   Nothing runs in a final view.
/// - A publisher that sends no `stageStatus` may begin again without a start ("Checking for
///   duplicates"): the first stage, with a time after the final status, begins a new validation.
/// - Any other stage update after the final status that starts nothing is late: it changes its
///   stage, not the outcome.
/// - A stage update whose status is final ends the validation as well, unless it starts its stage.
/// - Details and process log stay until an update brings new ones.
class Registration {
 public:
  /// `workflow` says which statuses are final, and must outlive this object.
  Registration(InstanceId id, const Workflow& workflow, RegistrationLimits limits = {});
  explicit Registration(std::int64_t registration_id, RegistrationLimits limits = {});

  /// Folds in one update. Even with `unchanged`, the view's id moves on if the update's is newer.
  Applied apply(const Update& update);

  /// Replaces the view with the gateway's snapshot, or with a view that an earlier client saved. An
  /// older snapshot is dropped, as described above.
  Applied apply_snapshot(RegistrationView snapshot);

  /// Records that updates may have been missed. Returns `unchanged` if the view says so already.
  Applied mark_gap(Gap gap);

  [[nodiscard]] const RegistrationView& view() const { return view_; }

  /// Bytes kept besides the view, to put late updates in their place.
  [[nodiscard]] std::size_t recent_bytes() const { return recent_bytes_; }

 private:
  Applied fold_in(const Update& update);
  Applied apply_in_order_of_time(const Update& update);
  void forget_recent();

  [[nodiscard]] bool is_other(std::int64_t registration_id, std::string_view text_id) const;

  const Workflow* workflow_;
  RegistrationLimits limits_;
  RegistrationView view_;
  /// The updates that can still be reordered, in their order. None of them has an id.
  std::list<Update> recent_;
  /// The view without the updates in `recent_`; unused while that is empty.
  RegistrationView before_recent_;
  std::size_t recent_bytes_ = 0;
};

}  // namespace regstream
