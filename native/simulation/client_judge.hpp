#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/message/codec.hpp>
#include <regstream/message/event_id.hpp>
#include <regstream/registration/view.hpp>
#include <regstream/session/stream_session.hpp>

#include "simulation/gateway_memory.hpp"
#include "simulation/stream_request.hpp"
#include "simulation/truth.hpp"
#include "simulation/view_judge.hpp"

namespace regstream::simulation {

/// What one client may expect, from its first greeting on: every update that concerns it and comes
/// after its cursor, once and in order; or a reset, and the expectation begins anew where that
/// says. A reset needs a reason: the history that it had heard was lost, or it is so far behind
/// that Redis or a gateway's journal may no longer hold what follows; or it has read half of an
/// earlier one.
///
/// The client may change the ids that it follows. Those that stay are told as if nothing had
/// changed. One that is new is asked for by `snapshot` until its snapshot or an update of it has
/// come on a stream that was asked for it, or may have come in an event that it skipped. What it
/// shows holds for each id by itself (`ViewJudge`).
///
/// A stream until the final status brings its end behind the first final update after its cursor,
/// or at once where it is final there, and nothing else behind that.
///
/// Throws `Violation` at whatever else it hears.
class ClientJudge {
 public:
  ClientJudge(const GatewayMemory& memory, std::string name)
      : truth_(memory.truth), memory_(memory), name_(std::move(name)) {}

  /// The client knows nothing any more, and follows these; none: all.
  void begin(const std::vector<std::int64_t>& ids);
  /// It follows these from now on.
  void follow(const std::vector<std::int64_t>& ids);
  /// It comes back as if the end had not come, but all before it.
  void forget_end();
  /// It asks for a stream. `rights`: what its token allows of all, where it asks for all; none: no
  /// less than that.
  void on_attempt(const StreamRequest& request, const std::vector<std::int64_t>& rights = {});
  void on_message(const SessionMessage& message);
  /// It tells its caller that an event was too large for it, and may have been an update.
  void on_skipped(std::string_view last_event_id);
  /// What it has of one id now, also before anything is known, or has again after a restart.
  void on_view(const RegistrationView& view);
  /// Whether its session may close itself for that reason.
  [[nodiscard]] bool may_stop(ConnectionReason reason) const;
  /// The gateway has ended the stream in good order.
  void on_ended() const;

  /// Everything was told.
  /// A greeting that is held back may still be due.
  void check_end(bool is_held_back) const;
  /// The view of one id is the truth's, as far as that can be asked of it (`ViewJudge`).
  void check_end(const RegistrationView& view, bool is_settled) const;

  [[nodiscard]] std::uint64_t updates() const { return updates_; }
  [[nodiscard]] std::uint64_t resets() const { return resets_; }

 private:
  /// What has to come next.
  enum class Due : std::uint8_t {
    anything,
    greeting,
    reset,
    snapshots,  ///< The last of them says where the stream goes on.
    end,        ///< Of `end_due_`, or of any update if that is empty.
    perhaps_end,
    end_was_told,
  };
  struct Followed {
    ViewJudge view;
    /// It was added, and has not been told of since, nor has anything been skipped that may have
    /// told of it.
    bool is_new = false;
    /// It was followed when the stream that there is was asked for. Else what that tells of it may
    /// be the end of a story.
    bool is_asked_for = false;
  };

  [[noreturn]] void fail(const std::string& what) const;
  [[nodiscard]] EventId parsed(std::string_view id) const;
  [[nodiscard]] Followed* find(std::int64_t id);
  void on_connected(EventId id);
  void on_update(EventId id, const SessionMessage& message);
  void check_published(EventId id, std::string_view json) const;
  void check_nothing_missed(EventId before) const;
  void on_reset(EventId id);
  void on_snapshot(EventId id, const SessionMessage& message);
  void check_snapshot(std::int64_t number, const RegistrationView& view) const;
  void check_newest(EventId position) const;
  void on_end(const SessionMessage& message);
  void expect_end_after(EventId position);
  [[nodiscard]] bool has_reason_for_reset() const;

  const Truth& truth_;
  const GatewayMemory memory_;
  const std::string name_;
  std::map<std::int64_t, Followed> followed_;  ///< Empty: all.

  // The stream that there is.
  StreamRequest asked_;
  Due due_ = Due::greeting;
  std::optional<EventId> end_due_;        ///< The final update's.
  std::set<std::int64_t> snapshots_due_;  ///< Were asked for, and may come.
  EventId begun_at_;                      ///< The history's end when the snapshots began.
  std::map<std::int64_t, EventId> snapshots_delivered_;  ///< Each with the newest update in it.
  bool has_hidden_ = false;  ///< A snapshot was too large for the client.

  std::string last_event_id_;        ///< Of the last event that had one.
  std::optional<EventId> position_;  ///< Everything up to here was told, or is in the views.
  std::uint64_t updates_ = 0;
  std::uint64_t resets_ = 0;
};

}  // namespace regstream::simulation
