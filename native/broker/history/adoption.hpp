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

/// The text without a byte order mark, and without JSON's white space at both ends, which are no
/// part of what the history holds: the script's `object`.
[[nodiscard]] std::string_view trimmed_json(std::string_view text);

/// A bare message that has to be in the history.
struct Offer {
  std::string text;
  std::size_t ordinal = 1;  ///< How many of this very text were heard since the cursor, with it.
};

/// What the script is asked to adopt.
struct Adopt {
  EventId cursor;  ///< Adoptions up to here are not counted against the offers.
  std::vector<Offer> offers;
};

struct AdoptionLimits {
  /// Bare messages that wait for their adoption. When so many do, the channel is to be left unread
  /// until some are adopted (`Adoption::is_full`): then Redis holds what follows.
  std::size_t waiting_max = 40'000;
  /// Of their texts, and of texts that were adopted. One message more may be held, and those that
  /// were thought to be the history's (`FollowerLimits::unverified_bytes_max`).
  std::size_t bytes_max = 16U << 20U;
  /// One call of the script: Redis does nothing else meanwhile, some ten milliseconds. (Where the
  /// cursor can't be the last entry that was read, it goes through those that were, too.)
  std::size_t offers_max = 1'024;
  std::size_t offers_bytes_max = 4U << 20U;
  /// Adopted, and not heard of: as many as Redis holds for a subscriber by default (32 MB), and
  /// more. Some 60 bytes each.
  std::size_t unheard_max = 500'000;
};

/// Bare messages on the channel, until they are in the history. Sans-I/O.
///
/// Every gateway offers every bare message that it hears, and there is no leader: all hear the
/// channel in one order, in which each adoption comes after its bare message. What a gateway has to
/// offer is what it has heard, less the adoptions of the same text that it has heard since, or read
/// ahead of the channel. The script takes off the adoptions that are in the history, but are not
/// known here yet: those after `cursor`. So an offer may be made by any number of gateways, and by
/// each again, and is taken once; and a text that was published twice is taken twice.
///
/// The cursor is the last entry that was read. Where not all was read since the last one that was
/// heard, it is that one, and what was read does not count.
class Adoption {
 public:
  explicit Adoption(AdoptionLimits limits = {}) : limits_(limits) {}

  /// The channel is heard again from now on; the history's end was `position` just before.
  void begin(EventId position);
  /// Whether some of what was heard may turn out to be bare messages yet.
  void set_has_unverified(bool has_unverified);

  void hear_bare(std::string_view text);

  /// As many wait as may: hear no more until this is false again, which needs no hearing.
  [[nodiscard]] bool is_full() const {
    return waiting() >= limits_.waiting_max || waiting_bytes_ >= limits_.bytes_max;
  }
  /// The channel is so far behind the history that it will not be heard to its end: more was read
  /// or adopted than can be remembered; or as many wait as may, and need more to be heard.
  [[nodiscard]] bool is_overrun() const {
    return ahead_.size() > limits_.unheard_max || offered_ > limits_.unheard_max ||
           (is_behind_ && is_full() && (heard_ >= begun_ || read_ >= begun_));
  }
  /// Whether to find out how much of what was read will not be heard, as it was published before
  /// the channel was heard, but after `begin` was told where the history ends: what waits can be
  /// offered only then. `probed`: all that was published before `probe` has been heard.
  [[nodiscard]] bool probe();
  void probed();
  /// Nothing more will be heard of what was read by now. What the history has, but was not read,
  /// goes on being counted: the adoption of one copy of a text must not be taken for another's.
  void give_up_unheard();

  /// An entry was read in the history. Ids must grow. One that was adopted in an earlier epoch, as
  /// `adopted_as`, may have been read or heard then.
  void read(EventId id, std::string_view message, std::optional<EventId> adopted_as);
  /// The same of an entry that has no message: what is heard under its id says something else.
  void skip(EventId id);

  /// A message was heard that carries an id which was read, or passed over, in the history. False:
  /// it says something else than what was read.
  [[nodiscard]] bool hear_entry(EventId id, std::string_view message);

  /// What to offer now: in flight until `answered` or `lost`. Empty: nothing.
  [[nodiscard]] std::optional<Adopt> next();
  /// The offers are in the history, which ended at `end` then. Empty: the history no longer holds
  /// all since the cursor; they are offered again when more was heard, or read of what can't be
  /// heard any more.
  void answered(std::optional<EventId> end);
  /// The connection broke: they are offered again.
  void lost();

  /// The last id that was heard on the channel: the script publishes greater ones only.
  [[nodiscard]] EventId heard() const { return heard_; }

  // What is held, of which `AdoptionLimits` speaks.
  [[nodiscard]] std::size_t waiting() const { return bare_.size() - offered_; }
  [[nodiscard]] std::size_t text_bytes() const { return text_bytes_; }
  [[nodiscard]] std::size_t unheard() const { return std::max(offered_, ahead_.size()); }

 private:
  struct Ahead {
    EventId id;
    std::optional<std::size_t> hash;  // Nothing: it has no message.
    // Of an adoption that is not known yet: its first id, and the bare message.
    std::optional<EventId> adopted_as;
    std::optional<std::size_t> origin;  // Its hash.
  };
  struct Bare {
    std::size_t hash;
    std::string text;  // Empty: it was adopted, and there was no room to keep it.
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
  EventId heard_;                  // The last one that was heard on the channel.
  EventId begun_;                  // Nothing up to this one will be heard any more.
  std::optional<EventId> probed_;  // What was read when the channel was probed.
  EventId read_;                   // The last entry that was read.
  EventId read_after_;             // All since this one was, in one epoch.
  std::deque<Ahead> ahead_;        // Read, and not heard yet: after `heard_`.
  std::deque<Bare> bare_;          // Heard since `heard_`, or not known to be adopted by then.
  // Of each hash in `bare_`, and of each origin in `ahead_`.
  std::unordered_map<std::size_t, std::size_t> counts_;
  std::unordered_map<std::size_t, std::size_t> ahead_counts_;
  std::size_t text_bytes_ = 0;
  std::size_t waiting_bytes_ = 0;  // Of those after `offered_`.
  std::size_t textless_ = 0;       // Of `bare_`, from the front.
  std::size_t offered_ = 0;        // The same: the history has them.
  std::size_t in_flight_ = 0;      // Of `bare_`, after those.
  EventId offered_end_;            // The history's end when it had them.
  bool is_asked_ = false;
  EventId asked_cursor_;  // Of the offers in flight.
  bool is_behind_ = false;
  bool has_unverified_ = false;
};

}  // namespace regstream::broker
