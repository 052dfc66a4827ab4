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

/// Checks what one client gets after its first `connected`: every update after its cursor that
/// concerns it, once and in order; or a reset, after which the rule starts again at the new
/// position. A reset needs a reason: the client's history was lost; or the client is so far behind
/// that Redis or a gateway's journal may no longer hold what follows; or it has read only a part of
/// an earlier reset.
///
/// The client may change its ids. Ids that stay must not notice. The client must request a new id
/// with `snapshot` until its snapshot or an update has come on a stream that follows it, or may
/// have been in a skipped event. `ViewJudge` checks what the client shows for each id.
///
/// A stream with `until=final` must end after the first final update that follows its cursor, or at
/// once if the id is final at the cursor, and must bring nothing after that.
///
/// Throws `Violation` for everything else.
class ClientJudge {
 public:
  ClientJudge(const GatewayMemory& memory, std::string name)
      : truth_(memory.truth), memory_(memory), name_(std::move(name)) {}

  /// The client forgets everything, and follows `ids`; none: all.
  void begin(const std::vector<std::int64_t>& ids);
  /// The client follows `ids` from now on.
  void follow(const std::vector<std::int64_t>& ids);
  /// The client returns as if it had got everything except the end.
  void forget_end();
  /// The client requests a stream. `rights`: the ids that its token allows, if it requests all;
  /// none: all.
  void on_attempt(const StreamRequest& request, const std::vector<std::int64_t>& rights = {});
  void on_message(const SessionMessage& message);
  /// The client reports an event that was too large for it, which may have been an update.
  void on_skipped(std::string_view last_event_id);
  /// The client's view of one id changed, or was restored; also before anything is known.
  void on_view(const RegistrationView& view);
  /// Whether the session may close itself for that reason.
  [[nodiscard]] bool may_stop(ConnectionReason reason) const;
  /// The gateway ended the stream in good order.
  void on_ended() const;

  /// Everything has been delivered. `is_held_back`: `connected` may still be due.
  void check_end(bool is_held_back) const;
  /// The view of one id is correct, as far as that can be required (`ViewJudge`).
  void check_end(const RegistrationView& view, bool is_settled) const;

  [[nodiscard]] std::uint64_t updates() const { return updates_; }
  [[nodiscard]] std::uint64_t resets() const { return resets_; }

 private:
  /// What must come next.
  enum class Due : std::uint8_t {
    anything,
    greeting,
    reset,
    snapshots,  ///< The last snapshot has the position from which the stream continues.
    end,        ///< The end of `end_due_`, or of any update if that is empty.
    perhaps_end,
    end_was_delivered,
  };
  struct Followed {
    ViewJudge view;
    /// The id was added, and nothing about it was delivered since, not even in an event that may
    /// have been skipped.
    bool is_new = false;
    /// The id was followed when the current stream was requested. Otherwise its updates on this
    /// stream may be the rest of an earlier request.
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
  std::map<std::int64_t, Followed> followed_;  ///< Empty: all ids.

  // The current stream.
  StreamRequest asked_;
  Due due_ = Due::greeting;
  std::optional<EventId> end_due_;        ///< The final update's.
  std::set<std::int64_t> snapshots_due_;  ///< Requested, and may still come.
  EventId begun_at_;                      ///< The history's end when the first snapshot was due.
  std::map<std::int64_t, EventId> snapshots_delivered_;  ///< Each with the newest update in it.
  bool has_hidden_ = false;  ///< A snapshot was too large for the client.

  std::string last_event_id_;        ///< Of the last event that had one.
  std::optional<EventId> position_;  ///< Everything up to here was delivered, or is in the views.
  std::uint64_t updates_ = 0;
  std::uint64_t resets_ = 0;
};

}  // namespace regstream::simulation
