#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <regstream/message/codec.hpp>
#include <regstream/time.hpp>

#include "hub/frame.hpp"
#include "hub/known_registrations.hpp"
#include "hub/outbox.hpp"

/// Fan-out of the channel's messages to the subscribers of event streams: no socket, no clock.
namespace regstream::hub {

struct HubOptions {
  /// The first thing that a stream says: how long a client waits before it comes back.
  Duration retry{1'000};
  /// Every subscription gets a ping this often, whatever else it gets.
  Duration ping_interval{30'000};
  /// What a reader that does not keep up may leave waiting: it is cut off beyond that, and costs no
  /// one else anything. Several of the largest messages, so that one alone cuts off nobody.
  std::size_t outbox_bytes_max = 4U << 20U;
  KnownRegistrationsLimits known_registrations = {};
  CodecLimits codec = {};
};

struct HubCounters {
  std::uint64_t published = 0;   ///< Messages taken from the channel.
  std::uint64_t malformed = 0;   ///< Messages refused.
  std::uint64_t deliveries = 0;  ///< Frames put into outboxes for a published message.
  std::uint64_t overruns = 0;    ///< Subscriptions whose outbox overflowed.
};

/// Names a subscription. A slot is used again after `unsubscribe`, with another generation, so that
/// an id kept too long names nothing. `slot` is small: callers may index by it.
struct SubscriptionId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  friend bool operator==(const SubscriptionId&, const SubscriptionId&) = default;
};

/// Whose outbox has something new, and whether it is lost.
struct Ready {
  SubscriptionId id;
  bool overrun = false;  ///< Its reader was too slow: nothing more will come; disconnect it.
};

/// Messages go in, frames come out: `publish` and `handle_deadline` fill outboxes, `poll` names
/// those that were filled, and the caller sends what they hold.
///
/// One thread owns a hub and everything it hands out. Time comes from the caller and never goes
/// back.
class Hub {
 public:
  explicit Hub(HubOptions options = {});

  /// One message of the channel, for everyone whom it concerns, forwarded exactly as it came. A
  /// malformed one is counted and reaches nobody.
  std::optional<DecodeError> publish(std::string_view message);

  /// Messages may have been missed: every subscriber is told by a `reset`, and what was heard
  /// before is no longer given out as the state of things.
  void announce_gap(std::int64_t now_timestamp_ms);

  /// Joins the updates of one registration, or of all. Its outbox begins with `retry` and
  /// `connected`, and a `snapshot` if the registration is known.
  SubscriptionId subscribe(std::optional<std::int64_t> registration_id, Instant now,
                           std::int64_t now_timestamp_ms);

  /// Leaves; an id that names nothing is ignored.
  void unsubscribe(SubscriptionId id);

  /// Tells one subscriber when to come back (a draining server spreads its clients by this).
  void send_retry(SubscriptionId id, Duration retry);

  // Pings. Handling a deadline early does nothing; handling it late is normal.
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void handle_deadline(Instant now, std::int64_t now_timestamp_ms);

  /// The next subscription with something new in its outbox; each is named once until it gets more.
  /// Poll after every input until there is none.
  [[nodiscard]] std::optional<Ready> poll();

  /// What a subscription has to be sent; null if the id names nothing. Take off what has been sent
  /// by `Outbox::consume`. Holds until the next call of a method that is not const.
  [[nodiscard]] Outbox* outbox(SubscriptionId id);

  [[nodiscard]] std::size_t subscriptions() const { return subscriptions_; }
  [[nodiscard]] const HubCounters& counters() const { return counters_; }

 private:
  using Slot = std::uint32_t;
  static constexpr Slot none = UINT32_MAX;
  static constexpr std::int64_t every_registration = 0;  // Valid ids begin at 1.

  struct Subscription {
    std::int64_t registration_id = every_registration;
    Instant next_ping{};
    Slot ping_before = none;
    Slot ping_after = none;
    std::uint32_t generation = 0;
    std::uint32_t audience_index = 0;  // Where its audience lists it.
    bool used = false;
    bool ready = false;
    bool overrun = false;
    Outbox outbox;
  };
  // The slots of those who hear the same updates.
  using Audience = std::vector<Slot>;

  [[nodiscard]] Subscription* find(SubscriptionId id);
  [[nodiscard]] Slot take_slot();
  void deliver(const Audience& audience, const FramePtr& frame);
  bool push(Slot slot, const FramePtr& frame);  // False: it is not in the outbox.
  void leave_audience(Slot slot);
  void append_ping(Slot slot, Instant due);
  void remove_ping(Slot slot);

  HubOptions options_;
  HubCounters counters_;
  KnownRegistrations known_;
  std::vector<Subscription> slots_;
  std::vector<Slot> free_slots_;
  std::size_t subscriptions_ = 0;
  Audience everyone_;
  std::unordered_map<std::int64_t, Audience> by_registration_;
  // All pings are the same interval apart, so whoever was pinged last is due last: a list in order
  // of time, with constant cost for every change.
  Slot ping_first_ = none;
  Slot ping_last_ = none;
  std::vector<Slot> ready_;  // Those before ready_next_ have been polled.
  std::size_t ready_next_ = 0;
};

}  // namespace regstream::hub
