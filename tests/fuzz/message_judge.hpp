#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>

#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/session/stream_session.hpp>

#include "check.hpp"
#include "client_program.hpp"

namespace regstream::fuzz {

/// Checks a session's messages, and the view of one of its registrations, against what their
/// headers say.
class MessageJudge {
 public:
  /// Checks a message against the session's state after it.
  void hear(const SessionMessage& message, const StreamSession& session) {
    const RegistrationView* const view = session.view(registration_id);
    const MessageKind kind = message.kind;
    const bool is_unread = kind == MessageKind::malformed || kind == MessageKind::too_large;
    check((message.content == nullptr) == is_unread && message.problem.empty() != is_unread,
          "a message can be read, or there is a reason");
    resets_ += is_unread || kind == MessageKind::reset ? 1 : 0;
    check(session.resets() == resets_, "what may have been missed is counted");
    has_gap_ |= is_unread || kind == MessageKind::reset;
    if (is_of_another(message)) {
      check(!message.view_changed || session.followed_count() > 1, "nobody else has a view");
    } else if (kind == MessageKind::reset) {
      begins_anew_ = true;
    } else if (kind == MessageKind::update) {
      has_strange_snapshot_ &= !std::exchange(begins_anew_, false);
    } else if (kind == MessageKind::snapshot) {
      begins_anew_ = false;
      has_gap_ = view != nullptr && view->has_gap;
      // A snapshot counts as the truth, whatever it says.
      has_strange_snapshot_ = view != nullptr && view->is_final && is_running(*view);
    }
    check((kind != MessageKind::update && kind != MessageKind::snapshot) ||
              is_of_another(message) || view != nullptr,
          "a view is there once anything is known");
    const RegistrationView& left = *session.view_to_restore(registration_id);
    check(left.status.empty() == (view == nullptr), "a view has a status");
    check(left.has_gap == has_gap_, "a session leaves whether updates may have been missed");
    check(left.has_lost_history == begins_anew_, "a session leaves whether its history was lost");
    if (view != nullptr) {
      check_view(*view, message.view_changed);
    }
  }

 private:
  [[nodiscard]] static bool is_running(const RegistrationView& view) {
    return std::any_of(view.stages.begin(), view.stages.end(),
                       [](const StageView& stage) { return stage.status == StageStatus::started; });
  }

  /// Whether it is an update or a snapshot of an id that was added later.
  [[nodiscard]] static bool is_of_another(const SessionMessage& message) {
    if (message.kind == MessageKind::update) {
      return message.content->update.registration_id != registration_id;
    }
    if (message.kind != MessageKind::snapshot) {
      return false;
    }
    const auto decoded = decode_view(message.content->data);
    const auto* const view = std::get_if<RegistrationView>(&decoded);
    return view != nullptr && view->registration_id != registration_id;
  }

  void check_view(const RegistrationView& view, bool is_changed) {
    check(view.registration_id == registration_id, "a view stays with its registration");
    check(view.stages.size() <= RegistrationLimits{}.stages_max, "stages have a limit");
    check(has_strange_snapshot_ || !view.is_final || !is_running(view),
          "nothing runs in a final view");
    check(!begins_anew_ || !view.id, "after a reset the view has no id");
    // An update without news still advances the id.
    RegistrationView shown = view;
    shown.id.reset();
    check(is_changed || shown == shown_view_, "a view that changes is said to");
    shown_view_ = std::move(shown);
  }

  std::uint64_t resets_ = 0;
  RegistrationView shown_view_;  ///< Without its id.
  bool has_gap_ = false;
  bool begins_anew_ = false;           ///< A reset has come, but no update since.
  bool has_strange_snapshot_ = false;  ///< The view was sent as final, with a running stage.
};

}  // namespace regstream::fuzz
