#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <regstream/message/event_id.hpp>
#include <regstream/registration/view.hpp>

#include "simulation/gateway_memory.hpp"
#include "simulation/truth.hpp"

namespace regstream::simulation {

/// What a client may show of one registration that it follows: what its stream has told of it, and
/// whether updates may be missing. Throws `Violation` at anything else.
class ViewJudge {
 public:
  /// `name` says whose view it is.
  ViewJudge(const GatewayMemory& memory, std::string name, std::int64_t registration_id)
      : truth_(memory.truth),
        memory_(memory),
        name_(std::move(name)),
        registration_id_(registration_id) {}

  // What the client was told.
  void on_update(EventId id);
  void on_reset();
  /// `id`: of the newest update in it.
  void on_snapshot(EventId id);
  void on_skipped();
  /// What it has now, also before anything is known, or has again after a restart.
  void on_view(const RegistrationView& view);

  /// The client knows of this update already.
  [[nodiscard]] bool has(EventId id) const { return delivered_until_ && id <= *delivered_until_; }
  /// A snapshot of it may be asked for: nothing is known of it.
  [[nodiscard]] bool is_unknown() const { return !delivered_until_; }
  /// The view (with nothing in it: nothing is known) is the truth's. That can't be asked of a
  /// trimmed history until all views are `is_settled`.
  void check_end(const RegistrationView& view, bool is_settled) const;

 private:
  [[noreturn]] void fail(const std::string& what) const;
  void check_gap(const RegistrationView& view) const;
  [[nodiscard]] std::uint64_t mark_without_gap(RegistrationView view) const;
  [[nodiscard]] std::string in_words(const RegistrationView& view) const;

  const Truth& truth_;
  GatewayMemory memory_;
  std::string name_;
  std::int64_t registration_id_;
  std::optional<EventId> delivered_until_;  ///< Up to here, since the last reset.
  std::optional<EventId> view_id_;          ///< Of the view that it has, or had before a reset.
  bool has_gap_ = false;          ///< The view has to say that updates may have been missed.
  bool has_skipped_ = false;      ///< What the view is folded from has left an event out.
  bool is_behind_reset_ = false;  ///< The view is of the history before the reset.
};

}  // namespace regstream::simulation
