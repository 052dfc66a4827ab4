#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <regstream/broker/broker.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/message/event_id.hpp>
#include <regstream/workflow/registration.hpp>

#include "broker/history/adoption.hpp"

namespace regstream::broker {

/// An entry of the history. Its message is empty if it is not the script's own.
struct HistoryEntry {
  EventId id;
  std::string message;
  std::optional<EventId> adopted_as;  ///< The id that it was adopted under, if it was.
};

/// What the history holds from some id on, and where it ends, at one moment.
struct HistoryPage {
  EventId end;
  bool is_last = false;  ///< Nothing follows.
  std::vector<HistoryEntry> entries;
};

/// Tell the subscriber, as `Subscriber` says.
struct BeginHistory {
  EventId position;
};
struct DeliverMessage {
  EventId id;
  std::string message;
};
struct GoLive {};
struct CaughtUp {};
/// Ask for a page from this id on, itself included; all there is if empty.
struct ReadHistory {
  std::optional<EventId> from;
  std::size_t bytes_max = 1U << 20U;  ///< Of messages, and one more.
};
/// Wait for the first that comes after this id, and some more if they are there by then.
struct AwaitHistory {
  EventId after;
};
/// Ask on the channel's connection: by the answer, all that was published before has been heard.
struct ProbeChannel {};
/// Give the channel's connection up for a new one: what it has yet to bring is too much.
struct LeaveChannel {};
/// Put an entry without a message into the history: bare messages were lost, and every stream is to
/// be told.
struct RecordLoss {};
using FollowerAction = std::variant<BeginHistory, DeliverMessage, GoLive, CaughtUp, ReadHistory,
                                    AwaitHistory, Adopt, ProbeChannel, LeaveChannel, RecordLoss>;

struct FollowerLimits {
  /// Messages told as they came, before a read looks again whether they are the history's still.
  std::size_t unconfirmed_max = 64;
  /// Messages heard whose ids have not been looked up in the history yet. When there are so many,
  /// the channel is to be left unread until a read has settled them.
  std::size_t unverified_bytes_max = 16U << 20U;
  /// Of a page of the history: the first one, and after each that was not the last one twice as
  /// much, up to the most. One with the shortest messages, and one with the longest, is within what
  /// a reply may have (`ReplyLimits`).
  std::size_t page_bytes = 1U << 20U;
  std::size_t page_bytes_max = 8U << 20U;
  AdoptionLimits adoption = {};
};

/// Follows the history in Redis, and tells it once and in order. Sans-I/O.
///
/// The stream is the only truth. The channel just says that there is something to read, and brings
/// the bare messages of other programs: whatever a message there claims, it can't put itself into
/// the history, or in another's place. A message that arrives while a read is under way is covered
/// by the next read, so a burst costs a few.
///
/// Where messages come one by one, waiting for them saves the time between hearing of one and
/// having read it. What has come that way, and follows on the last message, is told at once. A read
/// is what catches up: at the start, after every loss, and in a burst.
///
/// Each read begins with the last message that a read has confirmed. If that, or one told since, is
/// another one now, Redis has lost writes (a restored copy, a failover) and made others under the
/// same ids: that epoch is disowned, and the script begins a new one. Ids that do not follow on the
/// last one, for whatever reason, begin a history.
///
/// Messages that come faster than they can be taken in are left in Redis: while `may_hear` is
/// false, the channel is not to be read. Redis holds them within a limit of its own, and then ends
/// the connection. If it ends before all that it held was heard, bare messages may be lost, and
/// every stream is told that by an entry without a message: readers begin a history after it.
///
/// Inputs are methods, in the order of what happens. After each, `poll` until it gives nothing, and
/// ask `may_hear`.
class HistoryFollower {
 public:
  /// `workflow` says what an update is; it must outlive the follower.
  explicit HistoryFollower(FollowerLimits limits = {},
                           const Workflow& workflow = registration_workflow());

  /// An exception may have left this by halves: the history is told anew, from its beginning. Bare
  /// messages that were heard may be lost by this, and every stream is told so. There is no
  /// connection now.
  void begin_anew();

  /// The channel is about to be heard, from where the history ends by now.
  void on_subscribing() { is_subscribing_ = true; }
  /// The channel is heard from now on; the history's end was `position` just before.
  void on_subscribed(EventId position);
  /// It is heard no longer, or will not be.
  void on_unsubscribed();
  /// The script can be called, and then no longer: an answer that is due will not come.
  void on_callable() { is_callable_ = true; }
  void on_not_callable();
  /// The history can be waited for, and then no longer: an answer that is due will not come.
  void on_awaitable();
  void on_not_awaitable();

  void on_message(std::string_view message);
  /// Whether the channel may be read. One message that comes all the same is taken in.
  [[nodiscard]] bool may_hear() const {
    return !is_subscribed_ ||
           (!adoption_.is_full() && unverified_bytes_ < limits_.unverified_bytes_max);
  }
  /// Redis holds some of the channel itself, or may.
  void on_channel_behind() { is_channel_behind_ = true; }
  /// What Redis held then, or when the channel was last read again, has been heard.
  void on_channel_drained() { is_channel_behind_ = !may_hear(); }
  /// The answer to `ProbeChannel`.
  void on_channel_probed() { adoption_.probed(); }
  /// The answer to `RecordLoss`: where the history ended then.
  void on_loss_recorded(EventId end);
  /// The answer to `ReadHistory`.
  void on_page(HistoryPage page);
  /// The answer to `AwaitHistory`, in order; empty if nothing came for some time.
  void on_awaited(std::vector<HistoryEntry> entries);
  /// Somebody wants to have all that the history holds by now: a read that begins after this, and
  /// is told to its end, is followed by `CaughtUp`.
  void catch_up();
  /// The answer to `Adopt`, as `Adoption::answered` takes it.
  void on_adopted(std::optional<EventId> end);
  /// The answer is that Redis refuses for now: it is asked again as soon as that is permitted.
  void on_read_refused() { abandon_read(); }
  void on_adoption_refused() { adoption_.lost(); }
  void on_loss_refused() { abandon_loss(); }
  /// Whether `poll` may ask Redis to read, and to adopt. At the start it may.
  void permit(bool reading, bool adopting);

  [[nodiscard]] std::optional<FollowerAction> poll();

  /// An id that the history has given to somebody.
  void learn(EventId id);
  /// The greatest one: no history that ends before it is this one.
  [[nodiscard]] EventId known() const { return known_; }
  /// The channel is heard, and what came before that was told.
  [[nodiscard]] bool is_caught_up() const { return is_caught_up_; }
  [[nodiscard]] bool is_subscribed() const { return is_subscribed_; }
  /// Messages on the channel that did not come into the history.
  [[nodiscard]] const DroppedCounts& counts() const { return counts_; }
  /// Of the last forged one; 0 where that is not known.
  [[nodiscard]] std::int64_t dropped_registration() const { return dropped_registration_; }
  /// Why the last message was none, once.
  [[nodiscard]] std::optional<DecodeError> take_refusal() {
    return std::exchange(refusal_, std::nullopt);
  }

  // What is held, of which `FollowerLimits` speaks.
  [[nodiscard]] std::size_t unverified_bytes() const { return unverified_bytes_; }
  [[nodiscard]] const Adoption& adoption() const { return adoption_; }

 private:
  struct Unverified {
    EventId id;
    std::string message;
  };

  [[nodiscard]] bool is_delivered(EventId id) const;
  [[nodiscard]] bool is_past(EventId id) const;
  void hear_with_id(EventId id, std::string_view message);
  void hear_entry(EventId id, std::string_view message);
  void hear_bare(std::string_view message);
  void refuse(const DecodeError& error);
  void settle_unverified();
  [[nodiscard]] bool apply_entry(HistoryEntry& entry);
  void deliver(HistoryEntry& entry);
  void begin_history(EventId position);
  void request_read();
  void abandon_read();
  void abandon_loss();
  [[nodiscard]] std::optional<EventId> confirmed() const;
  [[nodiscard]] bool may_await() const;

  FollowerLimits limits_;
  const Workflow* workflow_;
  Adoption adoption_;
  DroppedCounts counts_;
  std::int64_t dropped_registration_ = 0;
  std::optional<DecodeError> refusal_;
  std::deque<FollowerAction> pending_actions_;  // For `poll`.

  EventId known_;
  std::optional<EventId> last_;  // Told, or the position of the history that was begun.
  // Of the last message that is confirmed, and those told since: up to `last_`. Empty: the position
  // of the history that was begun has none.
  std::deque<std::optional<std::size_t>> hashes_;
  std::deque<std::uint64_t> past_epochs_;
  bool is_live_ = false;

  bool is_subscribing_ = false;
  bool is_subscribed_ = false;
  bool is_channel_behind_ =
      false;  // It was left unread, and what Redis held has not all been heard.
  bool is_channel_left_ = false;
  bool is_loss_due_ = false;
  bool is_recording_loss_ = false;
  bool is_caught_up_ = false;
  bool is_callable_ = false;
  bool may_read_ = true;
  bool may_adopt_ = true;
  bool is_read_wanted_ = false;
  bool is_reading_ = false;
  std::size_t page_bytes_ = 0;             // Of the next read.
  bool is_read_since_subscribed_ = false;  // The read under way began then.
  bool is_awaitable_ = false;
  bool is_awaiting_ = false;
  bool is_read_since_awaitable_ = false;  // The read under way began then.
  bool is_catch_up_wanted_ = false;
  bool is_catching_up_ = false;  // The read under way began since somebody wanted it.

  std::deque<Unverified> unverified_;  // Messages with ids that are not told.
  std::size_t unverified_bytes_ = 0;
  std::size_t unverified_before_read_ = 0;  // Heard before the read under way began.
};

}  // namespace regstream::broker
