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

/// An entry of the history. The message is empty if the script did not write it.
struct HistoryEntry {
  EventId id;
  std::string message;
  std::optional<EventId> adopted_as;  ///< The id that it was adopted under. Empty: it was not
                                      ///< adopted.
};

/// What the history holds from some id on, and where it ends, at one moment.
struct HistoryPage {
  EventId end;
  bool is_last = false;  ///< No more entries follow.
  std::vector<HistoryEntry> entries;
};

/// Calls of the subscriber; see `Subscriber`.
struct BeginHistory {
  EventId position;
};
struct DeliverMessage {
  EventId id;
  std::string message;
};
struct GoLive {};
struct CaughtUp {};
/// Read a page, from this id on (included), or from the beginning.
struct ReadHistory {
  std::optional<EventId> from;
  std::size_t bytes_max = 1U << 20U;  ///< Bytes of messages; one message may exceed it.
};
/// Wait for the first entry after this id. It may bring a few more.
struct AwaitHistory {
  EventId after;
};
/// Ask something on the channel's connection. When the answer comes, everything published before
/// has been received.
struct ProbeChannel {};
/// Replace the channel's connection: too much is buffered on it.
struct LeaveChannel {};
/// Add an entry without a message to the history: bare messages were lost, and every stream gets a
/// reset.
struct RecordLoss {};
using FollowerAction = std::variant<BeginHistory, DeliverMessage, GoLive, CaughtUp, ReadHistory,
                                    AwaitHistory, Adopt, ProbeChannel, LeaveChannel, RecordLoss>;

struct FollowerLimits {
  /// Messages delivered without a read. After so many, a read confirms that the history still holds
  /// them.
  std::size_t unconfirmed_max = 64;
  /// Bytes of messages received with an id that was not looked up in the history yet. When there
  /// are so many, leave the channel unread until a read has settled them.
  std::size_t unverified_bytes_max = 16U << 20U;
  /// The size of a page of the history. After each page that was not the last one it doubles, up to
  /// the maximum. A page fits into a reply (`ReplyLimits`), whether its messages are the shortest
  /// or the longest.
  std::size_t page_bytes = 1U << 20U;
  std::size_t page_bytes_max = 8U << 20U;
  AdoptionLimits adoption = {};
};

/// Follows the history in Redis, and delivers it once and in order. Sans-I/O.
///
/// The stream in Redis is the only truth. The channel only signals that there is something to read,
/// and carries the bare messages of other programs. A message on the channel can't put itself into
/// the history, or into another message's place, whatever id it carries. A message that arrives
/// during a read is covered by the next read, so a burst costs a few reads.
///
/// When messages come one by one, the follower waits for the history's next entry: this saves a
/// read after each message. An entry received this way is delivered at once if it follows the last
/// one. Reads catch up: at the start, after every loss, and in a burst.
///
/// Each read begins with the last message that a read confirmed. If that message, or one delivered
/// since, has changed, Redis has lost writes (a restored copy, a failover) and given their ids to
/// others. The follower then disowns that epoch, and the script begins a new one. If ids do not
/// follow the last one, for whatever reason, a history begins.
///
/// Messages that arrive faster than they can be adopted are left in Redis: while `may_receive` is
/// false, leave the channel unread. Redis buffers them up to a limit of its own, and then ends the
/// connection. If it ends before everything in its buffer was received, bare messages may be lost.
/// Then an entry without a message tells every stream: readers begin a history after it.
///
/// Inputs are methods, in the order of events. After each, `poll` until it returns nothing, and
/// check `may_receive`.
class HistoryFollower {
 public:
  /// `workflow` says what an update is. It must outlive the follower.
  explicit HistoryFollower(FollowerLimits limits = {},
                           const Workflow& workflow = registration_workflow());

  /// Starts over after an exception, which may have left the state inconsistent. The history is
  /// delivered again, from its beginning. Bare messages may have been lost, and every stream is
  /// told. There is no connection now.
  void start_over();

  /// The subscription is about to begin, from the current end of the history.
  void on_subscribing() { is_subscribing_ = true; }
  /// The channel is subscribed. Just before, the history ended at `position`.
  void on_subscribed(EventId position);
  /// The channel is no longer subscribed, or will not be.
  void on_unsubscribed();
  /// The script can be called, or no longer: a pending answer will not come.
  void on_callable() { is_callable_ = true; }
  void on_not_callable();
  /// The history can be waited for, or no longer: a pending answer will not come.
  void on_awaitable();
  void on_not_awaitable();

  void on_message(std::string_view message);
  /// Whether the channel may be read. A message that arrives nevertheless is accepted.
  [[nodiscard]] bool may_receive() const {
    return !is_subscribed_ ||
           (!adoption_.is_full() && unverified_bytes_ < limits_.unverified_bytes_max);
  }
  /// Redis buffers messages of the channel, or may do so.
  void on_channel_behind() { is_channel_behind_ = true; }
  /// Everything has been received that Redis buffered at that time, or when the channel was last
  /// read again.
  void on_channel_drained() { is_channel_behind_ = !may_receive(); }
  /// The answer to `ProbeChannel`.
  void on_channel_probed() { adoption_.probed(); }
  /// The answer to `RecordLoss`: where the history ended then.
  void on_loss_recorded(EventId end);
  /// The answer to `ReadHistory`.
  void on_page(HistoryPage page);
  /// The answer to `AwaitHistory`, in order. Empty: no entry came in time.
  void on_awaited(std::vector<HistoryEntry> entries);
  /// Someone wants everything that the history holds by now. A read that begins after this, and is
  /// completely delivered, is followed by `CaughtUp`.
  void catch_up();
  /// The answer to `Adopt`; see `Adoption::answered`.
  void on_adopted(std::optional<EventId> end);
  /// Redis refuses for now. The follower asks again as soon as `permit` allows it.
  void on_read_refused() { abandon_read(); }
  void on_adoption_refused() { adoption_.lost(); }
  void on_loss_refused() { abandon_loss(); }
  /// Whether `poll` may return reads, and adoptions. Initially it may.
  void permit(bool reading, bool adopting);

  [[nodiscard]] std::optional<FollowerAction> poll();

  /// Notes an id that the history has given out.
  void learn(EventId id);
  /// The greatest of them: a history that ends before it is another history.
  [[nodiscard]] EventId known() const { return known_; }
  /// The channel is subscribed, and everything before that was delivered.
  [[nodiscard]] bool is_caught_up() const { return is_caught_up_; }
  [[nodiscard]] bool is_subscribed() const { return is_subscribed_; }
  /// Messages on the channel that did not enter the history.
  [[nodiscard]] const DroppedCounts& counts() const { return counts_; }
  /// The registration of the last forged message. 0: not known.
  [[nodiscard]] std::int64_t dropped_registration() const { return dropped_registration_; }
  /// Why the last malformed message was refused. Returned once.
  [[nodiscard]] std::optional<DecodeError> take_refusal() {
    return std::exchange(refusal_, std::nullopt);
  }

  // What is held; see `FollowerLimits`.
  [[nodiscard]] std::size_t unverified_bytes() const { return unverified_bytes_; }
  [[nodiscard]] const Adoption& adoption() const { return adoption_; }

 private:
  struct Unverified {
    EventId id;
    std::string message;
  };

  [[nodiscard]] bool is_delivered(EventId id) const;
  [[nodiscard]] bool is_past(EventId id) const;
  void receive_with_id(EventId id, std::string_view message);
  void receive_entry(EventId id, std::string_view message);
  void receive_bare(std::string_view message);
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
  std::optional<EventId> last_;  // The last one delivered, or the position at which the history
                                 // began.
  // The hashes of the last confirmed message and of those delivered since, up to `last_`. Empty at
  // the start of a history, which has no message yet.
  std::deque<std::optional<std::size_t>> hashes_;
  std::deque<std::uint64_t> past_epochs_;
  bool is_live_ = false;

  bool is_subscribing_ = false;
  bool is_subscribed_ = false;
  bool is_channel_behind_ =
      false;  // It was left unread, and Redis's buffer was not completely received since.
  bool is_channel_left_ = false;
  bool is_loss_due_ = false;
  bool is_recording_loss_ = false;
  bool is_caught_up_ = false;
  bool is_callable_ = false;
  bool may_read_ = true;
  bool may_adopt_ = true;
  bool is_read_wanted_ = false;
  bool is_reading_ = false;
  std::size_t page_bytes_ = 0;             // For the next read.
  bool is_read_since_subscribed_ = false;  // The read under way began then.
  bool is_awaitable_ = false;
  bool is_awaiting_ = false;
  bool is_read_since_awaitable_ = false;  // The read under way began then.
  bool is_catch_up_wanted_ = false;
  bool is_catching_up_ = false;  // The read under way began after someone wanted it.

  std::deque<Unverified> unverified_;  // Received with ids that were not delivered yet.
  std::size_t unverified_bytes_ = 0;
  std::size_t unverified_before_read_ = 0;  // Received before the read under way began.
};

}  // namespace regstream::broker
