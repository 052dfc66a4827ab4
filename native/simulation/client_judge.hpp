#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/message/codec.hpp>
#include <regstream/message/event_id.hpp>
#include <regstream/registration/view.hpp>

#include "simulation/truth.hpp"

namespace regstream::simulation {

/// What one client may expect, from its first greeting on: every update that concerns it and comes
/// after its cursor, once and in order; or a reset, and the expectation begins anew where that
/// says. A reset needs a reason: the history that it had heard was lost, or it is so far behind
/// that Redis or a gateway's journal, which holds `journal_count_min` messages in any case, may no
/// longer hold what follows; or it has read half of an earlier one. Throws `Violation` at whatever
/// else it hears.
class ClientJudge {
 public:
  /// `gateways_forget`: they may know a part of a registration only.
  ClientJudge(const Truth& truth, std::string name, std::optional<std::int64_t> registration_id,
              std::size_t journal_count_min, bool gateways_forget)
      : truth_(truth),
        name_(std::move(name)),
        registration_id_(registration_id),
        journal_count_min_(journal_count_min),
        gateways_forget_(gateways_forget) {}

  /// The client knows nothing any more.
  void forget();
  /// It asks for the stream after `cursor`.
  void on_attempt(std::string_view cursor);
  void on_message(const StreamMessage& message, std::string_view json,
                  std::string_view last_event_id);
  /// It tells its caller that an event was too large for it, and may have been an update.
  void on_skipped(std::string_view last_event_id);
  /// What it has now, also before anything is known, or has again after a restart.
  void on_view(const RegistrationView& view);

  /// Everything was told, and the view (null: it follows all registrations) is the truth's. That
  /// can't be asked of a trimmed history until all views are `is_settled`.
  void check_end(const RegistrationView* view, bool is_settled) const;

  [[nodiscard]] std::uint64_t updates() const { return updates_; }
  [[nodiscard]] std::uint64_t resets() const { return resets_; }

 private:
  /// What has to come before any update.
  enum class Due : std::uint8_t { nothing, greeting, reset, snapshot };

  [[noreturn]] void fail(const std::string& what) const;
  [[nodiscard]] EventId parsed(std::string_view id) const;
  void on_connected(EventId id);
  void on_update(EventId id, std::string_view json);
  void on_reset(EventId id);
  void on_snapshot(EventId id, const StreamMessage& message);
  void check_gap(const RegistrationView& view) const;
  [[nodiscard]] static std::uint64_t mark_without_gap(RegistrationView view);
  [[nodiscard]] bool can_judge(EventId id) const;
  /// Whoever told of this id knew all that came before it.
  [[nodiscard]] bool is_known_whole(EventId id) const;
  /// The history that `id` belonged to is another one now.
  [[nodiscard]] bool was_lost(EventId id) const;
  /// What follows `id` may be too old to be told, or tells of a loss.
  [[nodiscard]] bool may_be_trimmed(EventId id) const;

  const Truth& truth_;
  const std::string name_;
  const std::optional<std::int64_t> registration_id_;
  const std::size_t journal_count_min_;
  const bool gateways_forget_;
  Due due_ = Due::greeting;
  std::string last_event_id_;        ///< Of the last event that had one.
  std::string asked_;                ///< The cursor of this attempt.
  std::optional<EventId> position_;  ///< Everything up to here was told, or is in the view.
  std::optional<EventId> view_id_;   ///< Of the view that it has, or had before a reset.
  bool has_gap_ = false;             ///< The view has to say that updates may have been missed.
  bool has_skipped_ = false;         ///< What the view is folded from has left an event out.
  bool is_behind_reset_ = false;     ///< The view is of the history before the reset.
  std::uint64_t updates_ = 0;
  std::uint64_t resets_ = 0;
};

}  // namespace regstream::simulation
