#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <regstream/message/event_id.hpp>

namespace regstream::broker {

/// The text without a byte order mark and without JSON's white space at both ends: the history does
/// not keep those. The script's function `object` does the same.
[[nodiscard]] std::string_view trimmed_json(std::string_view text);

/// A bare message that must get into the history.
struct Offer {
  std::string text;
  std::size_t ordinal = 1;  ///< How many messages with this text were received since the cursor,
                            ///< this one included.
};

/// A request to the script to adopt messages.
struct Adopt {
  EventId cursor;  ///< The script ignores adoptions up to here when it counts.
  std::vector<Offer> offers;
};

struct AdoptionLimits {
  /// Bare messages that wait for their adoption. When so many wait, leave the channel unread until
  /// some are adopted (`Adoption::is_full`): Redis keeps what follows.
  std::size_t waiting_max = 40'000;
  /// Bytes of their texts, and of texts that were adopted. One message more may be held, plus those
  /// that were taken for entries of the history (`FollowerLimits::unverified_bytes_max`).
  std::size_t bytes_max = 16U << 20U;
  /// One call of the script. Redis does nothing else meanwhile, for some ten milliseconds. (If the
  /// cursor is older than the last entry that was read, the call also goes through the entries
  /// between.)
  std::size_t offers_max = 1'024;
  std::size_t offers_bytes_max = 4U << 20U;
  /// Messages that were adopted or read, and not yet received on the channel: as many as Redis
  /// buffers for a subscriber by default (32 MB), and more. Some 60 bytes each.
  std::size_t unreceived_max = 500'000;
};

/// Gets bare messages from the channel into the history. A bare message is one that a program
/// published with PUBLISH alone, past the script. Sans-I/O.
///
/// Every gateway offers every bare message that it receives. There is no leader: all gateways
/// receive the channel in the same order, in which each adoption follows its bare message. A
/// gateway offers the messages that it received, minus the adoptions of the same text that it
/// received since, or read in the history ahead of the channel. The script subtracts the adoptions
/// in the history that this gateway does not know yet: those after `cursor`. So any number of
/// gateways may offer a message, each of them repeatedly, and it is adopted once. A text that was
/// published twice is adopted twice.
///
/// The cursor is the last entry that was read. If some entries between the last one received and
/// the last one read were not read, the cursor is the last one received, and what was read does not
/// count.
class Adoption {
 public:
  explicit Adoption(AdoptionLimits limits = {}) : limits_(limits) {}

  /// The channel is subscribed again. Just before, the history ended at `position`.
  void begin(EventId position);
  /// Sets whether some received messages may still turn out to be bare.
  void set_has_unverified(bool has_unverified);

  void receive_bare(std::string_view text);

  /// The maximum is waiting: leave the channel unread until this is false again. That needs nothing
  /// from the channel.
  [[nodiscard]] bool is_full() const {
    return waiting() >= limits_.waiting_max || waiting_bytes_ >= limits_.bytes_max;
  }
  /// The channel is so far behind the history that reading it to the end is hopeless: more was read
  /// or adopted than can be remembered; or the maximum is waiting, and could only be adopted after
  /// more was received.
  [[nodiscard]] bool is_overrun() const {
    return ahead_.size() > limits_.unreceived_max || offered_ > limits_.unreceived_max ||
           (is_behind_ && is_full() && (received_ >= begun_ || read_ >= begun_));
  }
  /// Whether to probe the channel. Some entries that were read may have been published before the
  /// subscription began, but after the history's end was asked for (`begin`): they will never be
  /// received, and waiting messages can be offered only once that is known. After `probed`,
  /// everything published before `probe` has been received.
  [[nodiscard]] bool probe();
  void probed();
  /// The entries read so far will not be received any more. Entries of the history that were not
  /// read still count: the adoption of one copy of a text must not be taken for another's.
  void give_up_unreceived();

  /// An entry was read from the history. Ids must grow. An entry that was adopted in an earlier
  /// epoch, as `adopted_as`, may have been read or received then.
  void read(EventId id, std::string_view message, std::optional<EventId> adopted_as);
  /// The same for an entry without a message. A message received under its id differs from it.
  void skip(EventId id);

  /// A message was received with an id that was read, or skipped, in the history. False: its text
  /// differs from the entry's.
  [[nodiscard]] bool receive_entry(EventId id, std::string_view message);

  /// What to offer now. It is in flight until `answered` or `lost`. Empty: nothing.
  [[nodiscard]] std::optional<Adopt> next();
  /// The offers are in the history, which then ended at `end`. Empty: the history no longer holds
  /// everything since the cursor. Then they are offered again after more was received, or after
  /// reading entries that can no longer be received.
  void answered(std::optional<EventId> end);
  /// The connection broke: the offers are made again.
  void lost();

  /// The last id received on the channel. The script only publishes greater ones.
  [[nodiscard]] EventId last_received() const { return received_; }

  // What is held; see `AdoptionLimits`.
  [[nodiscard]] std::size_t waiting() const { return bare_.size() - offered_; }
  [[nodiscard]] std::size_t text_bytes() const { return text_bytes_; }
  [[nodiscard]] std::size_t unreceived() const { return std::max(offered_, ahead_.size()); }

 private:
  struct Ahead {
    EventId id;
    std::optional<std::size_t> hash;  // Empty: the entry has no message.
    // For an adoption that is not yet known: its first id, and the hash of the bare message.
    std::optional<EventId> adopted_as;
    std::optional<std::size_t> origin;
  };
  struct Bare {
    std::size_t hash;
    std::string text;  // Empty: it was adopted, and its text did not fit.
  };

  [[nodiscard]] EventId cursor() const;
  void advance_read(EventId id);
  [[nodiscard]] bool is_ahead_already(EventId adopted_as) const;
  void pass(EventId id);
  void leave_behind();
  void take_off(std::size_t origin);
  void drop_offered();
  void count_offered(std::size_t count, EventId end);
  void forget(Bare& bare);
  void shorten();

  AdoptionLimits limits_;
  EventId received_;               // The last id received on the channel.
  EventId begun_;                  // Nothing up to this id will be received any more.
  std::optional<EventId> probed_;  // The last entry read when the channel was probed.
  EventId read_;                   // The last entry that was read.
  EventId read_after_;             // All entries since this one were read, in one epoch.
  std::deque<Ahead> ahead_;        // Read, but not yet received: after `received_`.
  std::deque<Bare> bare_;  // Received since `received_`, or not known to be adopted by then.
  // How often each hash is in `bare_`, and each origin in `ahead_`.
  std::unordered_map<std::size_t, std::size_t> counts_;
  std::unordered_map<std::size_t, std::size_t> ahead_counts_;
  std::size_t text_bytes_ = 0;
  std::size_t waiting_bytes_ = 0;  // Bytes of those after `offered_`.
  std::size_t textless_ = 0;       // How many at the front of `bare_` have no text any more.
  std::size_t offered_ = 0;        // How many at the front of `bare_` are in the history.
  std::size_t in_flight_ = 0;      // How many after those are in flight.
  EventId offered_end_;            // Where the history ended when it had them.
  bool is_asked_ = false;
  EventId asked_cursor_;  // The cursor of the offers in flight.
  bool is_behind_ = false;
  bool has_unverified_ = false;
};

}  // namespace regstream::broker
