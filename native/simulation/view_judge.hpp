#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <regstream/message/event_id.hpp>
#include <regstream/registration/view.hpp>

#include "simulation/gateway_memory.hpp"
#include "simulation/truth.hpp"

namespace regstream::simulation {

/// Checks what a client shows of one registration that it follows: exactly what its stream
/// delivered, and whether updates may be missing. Throws `Violation` for anything else.
class ViewJudge {
 public:
  /// `name` is the client's.
  ViewJudge(const GatewayMemory& memory, std::string name, std::int64_t registration_id)
      : truth_(memory.truth),
        memory_(memory),
        name_(std::move(name)),
        registration_id_(registration_id) {}

  // What was delivered to the client.
  void on_update(EventId id);
  void on_reset();
  /// `id` is that of the newest update in the snapshot.
  void on_snapshot(EventId id);
  void on_skipped();
  /// The client's view now: after a change, or restored; also before anything is known.
  void on_view(const RegistrationView& view);

  /// The client has this update already.
  [[nodiscard]] bool has(EventId id) const { return delivered_until_ && id <= *delivered_until_; }
  /// The client may request a snapshot, because nothing is known.
  [[nodiscard]] bool is_unknown() const { return !delivered_until_; }
  /// The view is correct; an empty one means that nothing is known. With a trimmed history that
  /// can't be required until all views are settled (`is_settled`).
  void check_end(const RegistrationView& view, bool is_settled) const;

 private:
  [[noreturn]] void fail(const std::string& what) const;
  void check_gap(const RegistrationView& view) const;
  [[nodiscard]] std::uint64_t mark_without_gap(RegistrationView view) const;
  [[nodiscard]] std::string describe(const RegistrationView& view) const;

  const Truth& truth_;
  GatewayMemory memory_;
  std::string name_;
  std::int64_t registration_id_;
  std::optional<EventId> delivered_until_;  ///< The last delivered id since the last reset.
  std::optional<EventId> view_id_;  ///< The id of the client's view, or of its view before a reset.
  bool has_gap_ = false;            ///< The view must say that updates may have been missed.
  bool has_skipped_ = false;        ///< An event was skipped while the view was folded.
  bool is_behind_reset_ = false;    ///< The view is from the history before the reset.
};

}  // namespace regstream::simulation
