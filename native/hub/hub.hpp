#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <regstream/message/codec.hpp>
#include <regstream/message/event_id.hpp>
#include <regstream/time.hpp>
#include <regstream/workflow/registration.hpp>

#include "hub/beats.hpp"
#include "hub/following.hpp"
#include "hub/frame.hpp"
#include "hub/id_table.hpp"
#include "hub/journal.hpp"
#include "hub/known_registrations.hpp"
#include "hub/lease_table.hpp"
#include "hub/outbox.hpp"
#include "hub/reset_cause.hpp"
#include "hub/subscription_request.hpp"

/// Fan-out of one history to the subscribers of event streams: no socket, no clock.
namespace regstream::hub {

struct HubOptions {
  /// Whose messages these are. Must outlive the hub.
  const Workflow* workflow = &registration_workflow();
  /// The first thing that a stream says: how long a client waits before it comes back.
  Duration retry{1'000};
  /// Every subscription gets a ping this often, whatever else it gets.
  Duration ping_interval{30'000};
  /// A stream that was sent nothing for so long gets a comment (`sse::append_heartbeat`), since
  /// proxies cut what is silent for 20 or 30 seconds. At most `heartbeat_interval_max`.
  Duration heartbeat_interval{10'000};
  /// So that a peer that is gone is noticed within two minutes.
  static constexpr Duration heartbeat_interval_max{60'000};
  /// How far an outbox is filled, for one write: about what a socket takes at once. More waits in
  /// the journal, where it is shared. An outbox holds one frame more than this at most, and what
  /// `send_retry` and leases add.
  std::size_t outbox_bytes_max = 64U << 10U;
  /// A poll that there is nothing for ends after so long: less than proxies wait for an answer, of
  /// which 30 seconds is the shortest that is usual.
  Duration poll_longest{25'000};
  /// The broker is asked to catch up this often at most, so that made-up cursors cost it little.
  Duration catch_up_interval{100};
  JournalLimits journal = {};
  KnownRegistrationsLimits known_registrations = {};
  CodecLimits codec = {};

  /// A peer that acknowledges nothing for so long is gone: three heartbeats, but not less than what
  /// a network may pause for, nor more than a minute. Something is sent in each heartbeat interval,
  /// a minute at most, so TCP's keepalive would have nothing to do.
  [[nodiscard]] Duration peer_timeout() const {
    return std::clamp(3 * heartbeat_interval, Duration{10'000}, Duration{60'000});
  }
};

struct HubCounters {
  std::uint64_t published = 0;   ///< Messages taken from the history.
  DropCounts malformed;          ///< Messages refused; each has its place in the history.
  std::uint64_t mistyped = 0;    ///< Optional members taken for unknown ones: of another type.
  std::uint64_t duplicates = 0;  ///< Messages dropped: their id was not above the position.
  std::uint64_t gaps = 0;        ///< Messages whose id was not the next one.
  std::uint64_t deliveries = 0;  ///< Frames of messages put into outboxes.
  std::uint64_t opened = 0;      ///< Subscriptions so far.
  std::uint64_t resumed = 0;     ///< Subscriptions that went on after their cursor.
  std::uint64_t waited = 0;      ///< Subscriptions of a live history whose cursor had to wait.
  ResetCounts resets;
  std::uint64_t snapshots = 0;
  std::uint64_t ended = 0;      ///< Streams that a final update has ended.
  std::uint64_t expired = 0;    ///< Streams that ended since their token has expired,
  std::uint64_t withdrawn = 0;  ///< and those whose token's key was withdrawn.
  std::uint64_t cut = 0;        ///< Of both, those whose reader did not take what was there before.
  std::uint64_t overruns = 0;   ///< Times that a reader fell behind the journal, and got a reset.

  /// Adds what another hub of the same history counts of its streams. What it counts of messages
  /// is the same again.
  void add_streams_of(const HubCounters& other) {
    deliveries += other.deliveries;
    opened += other.opened;
    resumed += other.resumed;
    waited += other.waited;
    resets += other.resets;
    snapshots += other.snapshots;
    ended += other.ended;
    expired += other.expired;
    withdrawn += other.withdrawn;
    cut += other.cut;
    overruns += other.overruns;
  }
};

/// What sockets have not taken yet of what they were given: streams whose reader is slow.
struct Backlog {
  std::size_t streams = 0;
  std::uint64_t bytes = 0;
};

/// Names a subscription. A slot is used again after `unsubscribe`, with another generation, so that
/// an id kept too long names nothing. `slot` is small: callers may index by it.
struct SubscriptionId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  friend bool operator==(const SubscriptionId&, const SubscriptionId&) = default;
};

/// A history goes in, frames come out: inputs mark subscriptions, `poll` names those that were
/// marked, and the caller sends what `collect` gives it for them.
///
/// The guarantee. A subscription receives every message that concerns it and comes after its
/// cursor, once and in order; or a `reset`, which says that some were skipped, and after it a
/// `snapshot` of the state of each id that it follows and that is known. An id that the history
/// doesn't know gets none: an empty one would claim a status that nobody has published, and hide
/// what its reader has loaded elsewhere. The reset's own id tells whether snapshots follow. This
/// holds for a client that is cut off after any byte, and comes back with the id of the last event
/// that it has read whole:
/// - A message carries its own id, and `connected` the cursor after which the stream goes on.
/// - Before a reset or a snapshot that has yet to follow, `connected` carries `0-0`, a cursor
///   before all histories, and so do a `reset` before its snapshots, and all of these but the last:
///   only that one carries the position. A client that reconnects without it gets the reset again.
/// - Pings and heartbeats carry none.
///
/// A stream of several ids has one cursor, which says how far it has come in all of them. The next
/// message is the oldest of theirs; messages of other ids are never sent, so sequences have gaps,
/// and only `reset` says that something was missed. Each snapshot is taken when there is room for
/// it. It covers all that was published of its id until then, and no such message follows it; the
/// cursor is still the position at which the first one was taken, so that a client that is cut off
/// misses nothing of the ids whose snapshots came early. What that repeats of the others, their
/// snapshots have told: it is not newer than their view.
///
/// A subscriber that resumes may name ids that it knows nothing of. Those that are known get their
/// snapshot first, and what is published of them then; the others resume after the cursor. These
/// snapshots carry the cursor, as `connected` does. A client that is cut off before one of them
/// has come names its id again.
///
/// A stream until the final update (`until_final`) ends with an `end`, whose id is that update's
/// with `-end` behind it: after the first final update that follows its cursor; after a snapshot
/// that is final; or at once, if the id was final already as the history stood at the cursor. What
/// is final is for the fold to say (`Registration`): after a late stage update an id is still
/// final, and a new run opens it again. If neither journal nor known states tell how the id stood
/// at the cursor, the stream gets a reset.
///
/// How. A subscription is a place in the journal, which all share; nothing is queued for it but
/// what is handed to its socket just now. Replay, live delivery and a slow reader's lag are one and
/// the same: the next message of the journal, when there is room for it. A reader that falls behind
/// the journal's oldest message gets a reset in its turn, and costs no one else anything.
///
/// Between `begin_history` and `go_live` subscribers are told nothing of the history, as it is not
/// whole. Those that come before the first `go_live` hear `retry` and heartbeats, but no pings;
/// `connected` and the rest follow at `go_live`, when their cursor can be judged.
///
/// A cursor that is ahead of the position may be another gateway's that has heard more: nothing is
/// lost then, and a reset would take its reader back to older things. Such a subscription waits in
/// the same way until the broker has caught up with what the history held after it came: then it
/// goes on after its cursor; or the history really ends before that, and it gets its reset. While
/// the history can't be reached, it waits. So does `0-0`, and what is no event id, which don't say
/// how far their reader had been. What a reader is told never goes back, unless history was lost.
///
/// A stream with a lease (`SubscriptionRequest::lease`) is told that its token expires
/// (`token_expiring`, without an id), once and behind `connected`. When the lease ends, or its key
/// is withdrawn, it ends in good order with what stood in its outbox: what came into the history
/// later is never put there, nor what it lagged behind, and a client that comes back with its
/// cursor gets all of that. A reader that takes nothing of it is cut off after
/// `HubOptions::peer_timeout`.
///
/// A poll (`SubscriptionRequest::is_poll`) is a stream that ends in good order: with a cursor
/// behind the updates that there are, or a snapshot, a reset or an end, and without one behind
/// `connected` and the snapshots. What else it brings (`retry`, `connected`, comments) is no
/// answer, or a client would poll without a pause. Where there are more updates than its outbox
/// takes, its client gets the rest by its next poll; a reset and all its snapshots belong together.
///
/// Journal, known states and subscriptions go by integers. Where a workflow's ids are text, each
/// has a number for as long as one of these names it (`IdTable`).
///
/// One thread owns a hub and everything it hands out. Time comes from the caller and never goes
/// back.
class Hub {
 public:
  explicit Hub(HubOptions options = {});

  /// A history begins after `position`; what was heard before is no part of it. Whoever was told of
  /// that gets a `reset` at `go_live`: so many streams.
  std::size_t begin_history(EventId position);

  /// The history's next message, for everyone whom it concerns, forwarded exactly as it came. A
  /// malformed one takes its place, and reaches nobody. One whose id is not above the position is
  /// dropped. One that leaves a gap begins another history, for nothing is delivered out of order.
  std::optional<DecodeError> publish(EventId id, std::string_view message, Instant now);

  /// The history is whole: subscribers are told of it, and of what follows.
  void go_live(std::int64_t now_timestamp_ms);

  /// Joins the updates of some ids, or of all, after a cursor or from now on. A cursor that is not
  /// (or no longer) in the journal gets a reset; one that is ahead of the position, or is no event
  /// id, waits for `caught_up`. The ids that want a snapshot must be among those that are followed.
  SubscriptionId subscribe(const SubscriptionRequest& request, Instant now,
                           std::int64_t now_timestamp_ms);

  /// Leaves. False: the id names nothing.
  bool unsubscribe(SubscriptionId id);

  /// Tells one subscriber when to come back (a draining server spreads its clients by this).
  void send_retry(SubscriptionId id, Duration retry);

  /// Ends a stream in good order: when it has been given what there is for it, its outbox is
  /// finished, and gets nothing more. One that waits to be greeted ends without that. Unsubscribe
  /// it when its outbox is empty.
  void end(SubscriptionId id);

  /// Warns and ends the streams whose leases say so. Call it before what may put something into an
  /// outbox, so that nothing gets there after the end, however late deadlines are.
  void handle_leases(Instant now, std::int64_t now_timestamp_ms);

  /// Ends the streams whose leases have this key: so many.
  std::size_t withdraw(std::uint64_t key, Instant now);

  /// True: the broker is to be asked now for all that the history holds, for those whose cursors
  /// wait; `caught_up` is the answer, and until then nothing more is asked. Poll after every input.
  [[nodiscard]] bool poll_catch_up(Instant now);

  /// What the history held when `poll_catch_up` asked for it was published here.
  void caught_up(std::int64_t now_timestamp_ms);

  // Pings, heartbeats and leases, and when to poll again for `poll_catch_up`. Handling a deadline
  // early does nothing; handling it late is normal.
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void handle_deadline(Instant now, std::int64_t now_timestamp_ms);

  /// The next subscription for which there is something new. Each is named once, and again only
  /// when something comes after it has been collected to the end. Poll after every input until
  /// there is none.
  [[nodiscard]] std::optional<SubscriptionId> poll();
  /// How many were marked for `poll` so far, each as often as it was. They are named in turn.
  [[nodiscard]] std::uint64_t marked() const { return marked_; }
  /// Those of them whose turn has come.
  [[nodiscard]] std::uint64_t polled() const { return marked_ - ready_.size(); }

  /// What a subscription has to be sent next; null if the id names nothing. Take off what has been
  /// sent by `Outbox::consume`, and collect again: only an empty outbox means that nothing is left.
  /// Holds until the next call of a method that is not const.
  [[nodiscard]] Outbox* collect(SubscriptionId id, std::int64_t now_timestamp_ms);

  /// So many bytes of what `collect` gave were not taken by the socket. An id that names nothing is
  /// ignored.
  void note_backlog(SubscriptionId id, std::size_t bytes);
  /// Of all subscriptions, as it was noted last.
  [[nodiscard]] const Backlog& backlog() const { return backlog_; }

  [[nodiscard]] std::size_t subscriptions() const { return subscriptions_; }
  /// Those that are there, by slot.
  [[nodiscard]] std::vector<SubscriptionId> subscription_ids() const;
  [[nodiscard]] const HubCounters& counters() const { return counters_; }
  [[nodiscard]] const Journal& journal() const { return journal_; }
  [[nodiscard]] const KnownRegistrations& known_registrations() const { return known_; }
  /// The numbers of ids that are text, by which the journal and the known states go.
  [[nodiscard]] const IdTable& id_table() const { return ids_; }
  [[nodiscard]] bool is_live() const { return is_live_; }
  /// The `timestamp` of the last message, by its publisher's clock. 0: it has none.
  [[nodiscard]] std::int64_t newest_timestamp_ms() const { return newest_timestamp_ms_; }

 private:
  using Slot = std::uint32_t;

  // Snapshots of several ids, each of which is sent when there is room for it.
  struct Snapshots {
    FramePtr next = nullptr;
    EventId id = {};       // Of each but the last,
    EventId last_id = {};  // and of that.
  };
  struct Subscription {
    Following following;
    Instant next_ping{};
    std::uint32_t generation = 0;
    std::uint32_t backlog_bytes = 0;
    bool used = false;
    bool ready = false;
    bool false = has_connected = false = false;
    std::optional<ResetCause> reset_due;  // Comes before all else.
    bool until_final = false;             // It follows one id.
    bool is_poll = false;
    bool has_answer = false;  // It has been given what ends a poll.
    bool is_ending = false;   // Finishes its outbox when nothing is left for it.
    bool was_sent = false;    // It has been given something to send since its last beat.
    std::unique_ptr<Snapshots> snapshots;  // Come before messages. Null: none are left.
    Outbox outbox;
  };
  // The slots of those who hear the same updates.
  using Audience = std::vector<Slot>;
  struct PollEnd {
    Instant at;
    SubscriptionId id;
  };
  struct Waiting {
    std::optional<EventId> cursor;
    bool is_asked_for = false;  // It came before the broker was asked to catch up.
  };
  // The ping of one deadline: encoded once, and only if somebody is due.
  class Ping {
   public:
    explicit Ping(std::int64_t now_timestamp_ms) : now_timestamp_ms_(now_timestamp_ms) {}
    [[nodiscard]] const FramePtr& frame();

   private:
    std::int64_t now_timestamp_ms_;
    FramePtr frame_;
  };

  // The warning of one deadline: encoded once for tokens that expire together.
  class ExpiryWarning {
   public:
    ExpiryWarning(Instant now, std::int64_t now_timestamp_ms)
        : now_(now), now_timestamp_ms_(now_timestamp_ms) {}
    [[nodiscard]] const FramePtr& frame(Instant expires_at);

   private:
    Instant now_;
    std::int64_t now_timestamp_ms_;
    Instant expires_at_{};
    FramePtr frame_;
  };

  [[nodiscard]] Subscription* find(SubscriptionId id);
  [[nodiscard]] Slot take_slot();
  void sweep_ids();
  [[nodiscard]] std::int64_t number_of(std::int64_t number, std::string_view text);
  std::size_t begin_journal(EventId position, ResetCause cause);
  void offer(const Audience& audience, std::int64_t id, std::uint64_t sequence);
  [[nodiscard]] bool may_know_more(const std::optional<EventId>& cursor) const;
  [[nodiscard]] std::optional<Instant> next_beat() const;
  [[nodiscard]] bool is_catch_up_wanted() const;
  [[nodiscard]] ResetCause cause_of(EventId cursor) const;
  void connect_waiting(bool is_caught_up, std::int64_t now_timestamp_ms);
  void send_connected(Slot slot, std::optional<EventId> cursor, std::int64_t now_timestamp_ms);
  [[nodiscard]] Journal::StandingAt standing_at(const Subscription& subscription, EventId cursor);
  [[nodiscard]] FramePtr take_snapshot(Following& following, std::int64_t now_timestamp_ms);
  void begin_snapshots(Subscription& subscription, const Snapshots& snapshots,
                       std::int64_t now_timestamp_ms);
  void push_next_snapshot(Subscription& subscription, std::int64_t now_timestamp_ms);
  void push_snapshot(Subscription& subscription, const FramePtr& snapshot, EventId id);
  [[nodiscard]] static bool has_more(const Subscription& subscription);
  void push_reset(Subscription& subscription, std::int64_t now_timestamp_ms);
  void push_update(Subscription& subscription, std::int64_t now_timestamp_ms);
  void push_end(Subscription& subscription, EventId final_update, std::int64_t now_timestamp_ms);
  void mark_resets();
  void set_backlog(Subscription& subscription, std::size_t bytes);
  void mark_ready(Slot slot);
  void join_audience(Slot slot, std::int64_t id);
  void leave_audiences(Slot slot);
  void beat(Slot slot, Instant due, Ping& ping);
  void warn(Slot slot, const Lease& lease, ExpiryWarning& warning);
  [[nodiscard]] bool end_lease(Slot slot, StreamEnd end, Instant now);
  void cut(Slot slot);
  void begin_poll(SubscriptionId id, Instant now);
  void end_polls(Instant now);

  HubOptions options_;
  HubCounters counters_;
  Backlog backlog_;
  std::int64_t newest_timestamp_ms_ = 0;
  Journal journal_;
  KnownRegistrations known_;
  IdTable ids_;  // Of text only.
  bool is_live_ = false;
  std::vector<Subscription> slots_;
  std::vector<Slot> free_slots_;
  std::size_t subscriptions_ = 0;
  // Those who have yet to be greeted, in an order that is the same everywhere.
  std::map<Slot, Waiting> waiting_;
  bool is_catching_up_ = false;
  Instant next_catch_up_ = Instant::min();
  Audience everyone_;
  std::unordered_map<std::int64_t, Audience> by_registration_;
  Beats beats_;
  LeaseTable leases_;
  std::deque<PollEnd> poll_ends_;  // In order, as all polls may last equally long.
  // The same for all, and so encoded once.
  FramePtr opening_;
  FramePtr heartbeat_;
  std::deque<Slot> ready_;  // In turn, each once. Under load it may never become empty.
  std::uint64_t marked_ = 0;
};

}  // namespace regstream::hub
