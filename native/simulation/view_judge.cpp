#include "simulation/view_judge.hpp"

#include <utility>

#include <regstream/message/codec.hpp>

#include "simulation/world.hpp"

namespace regstream::simulation {

void ViewJudge::on_update(EventId id) {
  delivered_until_ = id;
  is_behind_reset_ = false;
}

void ViewJudge::on_reset() {
  delivered_until_.reset();
  has_gap_ = is_behind_reset_ = true;
  has_skipped_ = false;  // The next update begins a new view.
}

void ViewJudge::on_snapshot(EventId id) {
  delivered_until_ = id;
  has_gap_ = has_skipped_ = is_behind_reset_ = false;
}

void ViewJudge::on_skipped() {
  has_gap_ = has_skipped_ = true;
}

void ViewJudge::on_view(const RegistrationView& view) {
  if (view_id_ && view.id && *view.id < *view_id_ && !truth_.was_lost(*view_id_)) {
    fail("its view goes back from " + to_string(*view_id_) + " to " + to_string(*view.id));
  }
  check_gap(view);
  if (!view.id) {
    return;
  }
  view_id_ = view.id;
  // A view changes only by what was delivered. So it may be behind, but it is complete up to its
  // own id.
  if (!has_skipped_ && truth_.can_judge(*view.id) && memory_.is_whole(*view.id) &&
      truth_.view_mark(registration_id_, *view.id) != mark_without_gap(view)) {
    fail("its view is not the truth at " + to_string(*view.id) + ": " + describe(view));
  }
}

void ViewJudge::check_gap(const RegistrationView& view) const {
  if (view.has_gap != has_gap_) {
    fail((has_gap_ ? "updates may have been missed, but its view does not say so: "
                   : "its view says that updates may have been missed, but none were: ") +
         describe(view));
  }
  if (view.has_lost_history != is_behind_reset_) {
    fail((is_behind_reset_ ? "its view is from a lost history, but does not say so: "
                           : "its view says that its history was lost, but it was not: ") +
         describe(view));
  }
  const bool may_have_id = !view.status.empty() && !is_behind_reset_;
  if (view.id.has_value() != may_have_id) {
    fail("its view has an id before anything is known or after a reset, or has no id otherwise: " +
         describe(view));
  }
}

void ViewJudge::check_end(const RegistrationView& view, bool is_settled) const {
  const EventId end = truth_.end();
  check_gap(view);
  if (has_skipped_) {
    return;
  }
  const bool has_view = !view.status.empty() && !is_behind_reset_;
  const std::uint64_t mark = has_view ? mark_without_gap(view) : 0;
  // A publisher that still knows a lost history may be the last to publish. Then nothing repeats
  // what gateways have forgotten, or what was trimmed at once.
  const bool is_known = memory_.is_whole(end) || (is_settled && has_view);
  if (is_known && truth_.view_mark(registration_id_, end).value_or(0) != mark) {
    fail("its view is not the truth: " + describe(view));
  }
}

std::uint64_t ViewJudge::mark_without_gap(RegistrationView view) const {
  view.has_gap = false;
  return mark_of(view, truth_.workflow());
}

std::string ViewJudge::describe(const RegistrationView& view) const {
  return encode_view(view, truth_.workflow());
}

void ViewJudge::fail(const std::string& what) const {
  throw Violation(name_ + ": of " + std::to_string(registration_id_) + ", " + what);
}

}  // namespace regstream::simulation
