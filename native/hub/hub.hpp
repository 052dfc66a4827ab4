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

/// Fan-out of one history to the subscribers of event streams. No sockets, no clock.
namespace regstream::hub {

struct HubOptions {
  /// The workflow that the messages belong to. Must outlive the hub.
  const Workflow* workflow = &registration_workflow();
  /// How long a client waits before it reconnects. The first line of every stream says so.
  Duration retry{1'000};
  /// Every subscription gets a ping at this interval, whatever else it gets.
  Duration ping_interval{30'000};
  /// A stream that was silent for this long gets a comment (`sse::append_heartbeat`): proxies cut
  /// streams that are silent for 20 or 30 seconds. At most `heartbeat_interval_max`.
  Duration heartbeat_interval{10'000};
  /// A peer that is gone is noticed within two minutes.
  static constexpr Duration heartbeat_interval_max{60'000};
  /// How many bytes an outbox is filled with for one write: about what a socket accepts at once.
  /// More waits in the journal, where it is shared. An outbox holds one frame more than this at
  /// most, plus what `send_retry` and leases add.
  std::size_t outbox_bytes_max = 64U << 10U;
  /// A poll without an answer ends after this time. The shortest usual timeout of proxies is 30
  /// seconds.
  Duration poll_longest{25'000};
  /// The shortest time between two requests to the broker to catch up, so that made-up cursors cost
  /// it little.
  Duration catch_up_interval{100};
  JournalLimits journal = {};
  KnownRegistrationsLimits known_registrations = {};
  CodecLimits codec = {};

  /// A peer that acknowledges nothing for this long is gone: three heartbeats, but at least as long
  /// as a network may pause, and at most a minute. Each heartbeat interval sends something, and
  /// lasts a minute at most, so TCP's keepalive would have nothing to do.
  [[nodiscard]] Duration peer_timeout() const {
    return std::clamp(3 * heartbeat_interval, Duration{10'000}, Duration{60'000});
  }
};

struct HubCounters {
  std::uint64_t published = 0;   ///< Messages received from the history.
  DropCounts malformed;          ///< Messages refused. Each still has its place in the history.
  std::uint64_t mistyped = 0;    ///< Optional members treated as unknown, because of their type.
  std::uint64_t duplicates = 0;  ///< Messages dropped because their id was not above the position.
  std::uint64_t gaps = 0;        ///< Messages whose id was not the next one.
  std::uint64_t deliveries = 0;  ///< Frames of messages put into outboxes.
  std::uint64_t opened = 0;      ///< Subscriptions so far.
  std::uint64_t resumed = 0;     ///< Subscriptions that resumed after their cursor.
  std::uint64_t waited = 0;      ///< Subscriptions to a live history that had to wait, because of
                                 ///< their cursor.
  ResetCounts resets;
  std::uint64_t snapshots = 0;
  std::uint64_t ended = 0;      ///< Streams that a final update ended.
  std::uint64_t expired = 0;    ///< Streams that ended because their token expired,
  std::uint64_t withdrawn = 0;  ///< and because their token's key was withdrawn.
  std::uint64_t cut = 0;        ///< Those of both whose reader did not take what was left.
  std::uint64_t overruns = 0;   ///< How often a reader fell behind the journal and got a reset.

  /// Adds the stream counts of another hub of the same history. Its message counts would be the
  /// same messages again.
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

/// What sockets have not yet accepted: the streams with slow readers.
struct Backlog {
  std::size_t streams = 0;
  std::uint64_t bytes = 0;
};

/// Identifies a subscription. After `unsubscribe` its slot is reused with another generation, so an
/// old id identifies nothing. `slot` is small: callers may use it as an index.
struct SubscriptionId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  friend bool operator==(const SubscriptionId&, const SubscriptionId&) = default;
};

/// A history goes in, frames come out. Inputs mark subscriptions, `poll` names the marked ones, and
/// the caller sends what `collect` returns for them.
///
/// The guarantee. A subscription receives every message that concerns it and comes after its
/// cursor, once and in order. Otherwise it receives a `reset`, which says that messages were
/// skipped, and then a `snapshot` of each id that it follows and the history knows. An id that the
/// history doesn't know gets no snapshot: an empty one would claim a status that nobody published,
/// and hide what the reader loaded elsewhere. The id of the reset tells whether snapshots follow. A
/// client may be cut off after any byte and come back with the id of the last event that it read
/// completely. The guarantee still holds, because of the ids that events carry:
/// - A message carries its own id. `connected` carries the cursor after which the stream resumes.
/// - Before a reset or a snapshot, `connected` carries `0-0`, a cursor before all histories. So do
///   a `reset` that snapshots follow, and each snapshot but the last. Only the last one carries the
///   position. A client that reconnects without it gets the reset again.
/// - Pings and heartbeats carry no id.
///
/// A stream of several ids has one cursor, for all of them. The oldest of their next messages is
/// sent next. Messages of other ids are never sent, so sequences have gaps, and only `reset` says
/// that something was missed. Each snapshot is taken when the outbox has room. It covers all
/// messages of its id until then, and none of those follows it. The cursor stays the position at
/// which the first snapshot was taken, so a client that is cut off misses nothing of the ids whose
/// snapshots came early. A resumed stream may therefore repeat updates of the other ids. Clients
/// ignore them: they are not newer than the snapshots.
///
/// A subscriber that resumes may name ids that it knows nothing of. Those that the history knows
/// get their snapshot first and then their new messages; the other ids resume after the cursor.
/// These snapshots carry the cursor, as `connected` does. A client that is cut off before a
/// snapshot names its id again.
///
/// A stream until the final update (`until_final`) ends with an `end`, whose id is that update's id
/// with `-end` appended. The `end` follows the first final update after the cursor, or a final
/// snapshot. It comes at once if the id was already final at the cursor. The fold decides what is
/// final (`Registration`): an id stays final after a late stage update, and a new run opens it
/// again. If neither the journal nor the known states tell how the id stood at the cursor, the
/// stream gets a reset.
///
/// How. A subscription is a place in the journal, which all subscriptions share. Its own queue
/// holds only what its socket is given now. Replay, live delivery and a slow reader's lag are the
/// same thing: the next message of the journal, when there is room for it. A reader that falls
/// behind the journal's oldest message gets a reset, and costs nobody else anything.
///
/// Between `begin_history` and `go_live` subscribers learn nothing of the history, since it is not
/// complete. Those that subscribe before the first `go_live` get `retry` and heartbeats, but no
/// pings. `connected` and the rest follow at `go_live`, when their cursor can be judged.
///
/// A cursor ahead of the position may come from another gateway that has received more. Nothing is
/// lost then, and a reset would take its reader back in time. So the subscription waits until the
/// broker has caught up with everything that the history held when it arrived. Then it resumes
/// after its cursor; or the history really ends before the cursor, and the subscription gets a
/// reset. It also waits while the history can't be reached. `0-0`, and a cursor that is no event
/// id, wait too, since they don't tell how far their reader was. A reader never goes back in time
/// unless history was lost.
///
/// A stream with a lease (`SubscriptionRequest::lease`) gets `token_expiring` once, without an id,
/// after `connected`. When the lease ends, or its key is withdrawn, the stream ends in good order
/// with what its outbox holds. It gets nothing later, and nothing that it lagged behind: a client
/// that comes back with its cursor gets all of that. A reader that does not take the rest is cut
/// off after `HubOptions::peer_timeout`.
///
/// A poll (`SubscriptionRequest::is_poll`) is a stream that ends in good order as soon as it has an
/// answer. With a cursor, the answer is the updates that there are, or a snapshot, a reset or an
/// end. Without a cursor it is `connected` and the snapshots. `retry`, `connected` and comments
/// alone are no answer, or a client would poll without a pause. If there are more updates than the
/// outbox holds, the next poll gets the rest. A reset and all its snapshots stay together.
///
/// The journal, the known states and the subscriptions use integer ids. If a workflow's ids are
/// text, each text has a number for as long as one of these refers to it (`IdTable`).
///
/// One thread owns a hub and everything that it returns. The caller passes the time, which never
/// goes back.
class Hub {
 public:
  explicit Hub(HubOptions options = {});

  /// A history begins after `position`; everything before is no longer part of it. Returns how many
  /// streams received some of that: they get a `reset` at `go_live`.
  std::size_t begin_history(EventId position);

  /// The history's next message, forwarded exactly as it came to everyone whom it concerns. A
  /// malformed message takes its place in the history and reaches nobody. A message whose id is not
  /// above the position is dropped. A message that leaves a gap begins another history, since
  /// nothing is delivered out of order.
  std::optional<DecodeError> publish(EventId id, std::string_view message, Instant now);

  /// The history is complete: subscribers receive it, and what follows.
  void go_live(std::int64_t now_timestamp_ms);

  /// Subscribes to some ids, or to all, after a cursor or from now on. A cursor that is not (or no
  /// longer) in the journal gets a reset. One that is ahead of the position, or is no event id,
  /// waits for `caught_up`. The ids in `snapshots` must be among `ids`.
  SubscriptionId subscribe(const SubscriptionRequest& request, Instant now,
                           std::int64_t now_timestamp_ms);

  /// Removes a subscription. False: the id identifies nothing.
  bool unsubscribe(SubscriptionId id);

  /// Sends one subscriber another `retry`. A draining server spreads its clients this way.
  void send_retry(SubscriptionId id, Duration retry);

  /// Ends a stream in good order: its outbox is finished once it holds everything that is left. A
  /// stream that still waits for `connected` ends without it. Unsubscribe it when its outbox is
  /// empty.
  void end(SubscriptionId id);

  /// Warns and ends the streams whose leases are due. Call it before anything that may fill an
  /// outbox: then nothing gets into an outbox after the lease's end, however late deadlines are.
  void handle_leases(Instant now, std::int64_t now_timestamp_ms);

  /// Ends the streams whose leases have this key. Returns how many.
  std::size_t withdraw(std::uint64_t key, Instant now);

  /// True: ask the broker now to catch up, for subscriptions whose cursors wait. `caught_up` is the
  /// answer; until then this returns false. Poll after every input.
  [[nodiscard]] bool poll_catch_up(Instant now);

  /// Everything that the history held when `poll_catch_up` returned true has been published here.
  void caught_up(std::int64_t now_timestamp_ms);

  // For pings, heartbeats, leases and `poll_catch_up`. Handling a deadline early does nothing;
  // handling it late is normal.
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void handle_deadline(Instant now, std::int64_t now_timestamp_ms);

  /// The next subscription that has something new. Each is returned once, and again only after it
  /// has been collected to the end and something new has come. Poll after every input until it
  /// returns nothing.
  [[nodiscard]] std::optional<SubscriptionId> poll();
  /// How often a subscription was marked for `poll` so far. They are returned in this order.
  [[nodiscard]] std::uint64_t marked() const { return marked_; }
  /// How many of these `poll` has returned.
  [[nodiscard]] std::uint64_t polled() const { return marked_ - ready_.size(); }

  /// What to send to a subscription next. Null: the id identifies nothing. Remove what was sent
  /// with `Outbox::consume`, and collect again: only an empty outbox means that nothing is left.
  /// The pointer is valid until the next call of a non-const method.
  [[nodiscard]] Outbox* collect(SubscriptionId id, std::int64_t now_timestamp_ms);

  /// Notes how many bytes of its outbox the socket did not accept. An id that identifies nothing is
  /// ignored.
  void note_backlog(SubscriptionId id, std::size_t bytes);
  /// The sum over all subscriptions, as last noted.
  [[nodiscard]] const Backlog& backlog() const { return backlog_; }

  [[nodiscard]] std::size_t subscriptions() const { return subscriptions_; }
  /// All subscriptions, by slot.
  [[nodiscard]] std::vector<SubscriptionId> subscription_ids() const;
  [[nodiscard]] const HubCounters& counters() const { return counters_; }
  [[nodiscard]] const Journal& journal() const { return journal_; }
  [[nodiscard]] const KnownRegistrations& known_registrations() const { return known_; }
  /// The numbers of text ids, which the journal and the known states use.
  [[nodiscard]] const IdTable& id_table() const { return ids_; }
  [[nodiscard]] bool is_live() const { return is_live_; }
  /// The `timestamp` of the last message, by its publisher's clock. 0: it has no timestamp.
  [[nodiscard]] std::int64_t newest_timestamp_ms() const { return newest_timestamp_ms_; }

 private:
  using Slot = std::uint32_t;

  // Snapshots of several ids. Each is sent when there is room for it.
  struct Snapshots {
    FramePtr next = nullptr;
    EventId id = {};       // Of each snapshot but the last,
    EventId last_id = {};  // and of the last.
  };
  struct Subscription {
    Following following;
    Instant next_ping{};
    std::uint32_t generation = 0;
    std::uint32_t backlog_bytes = 0;
    bool used = false;
    bool ready = false;
    bool has_connected = false;
    std::optional<ResetCause> reset_due;  // Sent before everything else.
    bool until_final = false;             // Follows one id.
    bool is_poll = false;
    bool has_answer = false;               // It got what ends a poll.
    bool is_ending = false;                // Finishes its outbox when nothing is left for it.
    bool was_sent = false;                 // It had something to send since its last beat.
    std::unique_ptr<Snapshots> snapshots;  // Sent before messages. Null: none are left.
    Outbox outbox;
  };
  // The slots of subscriptions to the same id.
  using Audience = std::vector<Slot>;
  struct PollEnd {
    Instant at;
    SubscriptionId id;
  };
  struct Waiting {
    std::optional<EventId> cursor;
    bool is_asked_for = false;  // It waited already when the broker was asked to catch up.
  };
  // The ping of one deadline: encoded once, and only if a subscription is due.
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
  IdTable ids_;  // For text ids only.
  bool is_live_ = false;
  std::vector<Subscription> slots_;
  std::vector<Slot> free_slots_;
  std::size_t subscriptions_ = 0;
  // Those that wait for `connected`, in an order that is the same everywhere.
  std::map<Slot, Waiting> waiting_;
  bool is_catching_up_ = false;
  Instant next_catch_up_ = Instant::min();
  Audience everyone_;
  std::unordered_map<std::int64_t, Audience> by_registration_;
  Beats beats_;
  LeaseTable leases_;
  std::deque<PollEnd> poll_ends_;  // In order: all polls last equally long.
  // The same for all, so encoded once.
  FramePtr opening_;
  FramePtr heartbeat_;
  std::deque<Slot> ready_;  // In order, each once. Under load it may never become empty.
  std::uint64_t marked_ = 0;
};

}  // namespace regstream::hub
