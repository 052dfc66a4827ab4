#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/message/event_id.hpp>

namespace regstream::broker {

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
  /// Bare messages that wait for their adoption: a program's that publishes all it has at once.
  std::size_t bare_max = 40'000;
  std::size_t bare_bytes_max = 16U << 20U;
  /// One call of the script: Redis does nothing else meanwhile.
  std::size_t offers_max = 64;
  std::size_t offers_bytes_max = 1U << 20U;
  /// Entries that were read before their notice was heard: a burst's.
  std::size_t ahead_max = 100'000;
};

/// Bare messages on the channel, until they are in the history. Sans-I/O.
///
/// Every gateway offers every bare message that it hears, and there is no leader: all hear the
/// channel in one order, in which each adoption comes after its bare message. What a gateway has to
/// offer is what it has heard, less the adoptions of the same text that it has heard since. The
/// script takes off the adoptions that are in the history, but have not been heard yet: those after
/// `cursor`, the last id that was heard on the channel. So an offer may be made by any number of
/// gateways, and by each again, and is taken once; and a text that was published twice is taken
/// twice.
class Adoption {
 public:
  explicit Adoption(AdoptionLimits limits = {}) : limits_(limits) {}

  /// The channel is heard again from now on; the history's end was `position` just before.
  /// `has_more`: of what was heard before, some may turn out to be bare messages yet.
  void begin(EventId position, bool has_more);

  /// False: there are too many already, and this one is dropped.
  [[nodiscard]] bool hear_bare(std::string_view text);

  /// An entry was read in the history. Ids must grow. One that was adopted in an earlier epoch, as
  /// `adopted_as`, may have been read or heard then.
  void read(EventId id, std::string_view message, std::optional<EventId> adopted_as);

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
  [[nodiscard]] std::size_t bare() const { return bare_.size(); }
  [[nodiscard]] std::size_t bare_bytes() const { return bare_bytes_; }
  [[nodiscard]] std::size_t ahead() const { return ahead_.size(); }

 private:
  struct Ahead {
    EventId id;
    std::size_t hash;
    // Of an adoption that is not known yet: its first id, and the text of the bare message.
    std::optional<EventId> adopted_as;
    std::optional<std::string> origin;
  };

  [[nodiscard]] bool is_ahead_already(EventId adopted_as) const;
  void pass(EventId id);
  void leave_behind();
  void take_off(const std::string& origin);
  void drop_front(std::size_t count);

  AdoptionLimits limits_;
  EventId heard_;                 // The cursor.
  EventId begun_;                 // The history's end when the channel was begun to be heard.
  EventId read_;                  // The last entry that was read.
  std::deque<Ahead> ahead_;       // Read, and not heard yet: after `heard_`.
  std::deque<std::string> bare_;  // Heard since `heard_`, or not known to be adopted by then.
  std::size_t bare_bytes_ = 0;
  std::size_t offered_ = 0;    // Of `bare_`, from the front: the history has them.
  std::size_t in_flight_ = 0;  // Of `bare_`, after those.
  EventId offered_end_;        // The history's end when it had them.
  bool is_asked_ = false;
  EventId asked_cursor_;  // Of the offers in flight.
  bool is_behind_ = false;
};

}  // namespace regstream::broker
