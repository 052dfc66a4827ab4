#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include <regstream/message/event_id.hpp>
#include <regstream/time.hpp>

#include "hub/frame.hpp"
#include "hub/standing.hpp"

namespace regstream::hub {

/// How much of the history is kept for subscribers that resume or lag. When a limit is exceeded,
/// the oldest messages are dropped. The newest one stays whatever its size, since nobody may have
/// it yet.
struct JournalLimits {
  /// With ordinary updates (some 300 bytes) this limit is reached before the bytes: after a day at
  /// one a second, or sixteen minutes at a hundred. The entries alone take 4 MB.
  std::size_t count_max = 100'000;
  /// For frames and entries together. A message of a megabyte is legal, and 100 000 of them would
  /// be 100 GB.
  std::size_t bytes_max = 64U << 20U;
  /// A page that slept for longer is better served by the current state than by its past.
  Duration age_max = std::chrono::hours{24};
};

/// Means every registration. Valid ids begin at 1.
inline constexpr std::int64_t every_registration = 0;

/// The newest part of one history: messages as encoded frames, with contiguous ids within one
/// epoch. Appending is O(1). The messages of one registration are chained, so following one
/// registration costs nothing for messages of others.
///
/// Sequence 0 means "none": a history's first message is 1.
class Journal {
 public:
  explicit Journal(JournalLimits limits = {}) : limits_(limits) {}

  /// Forgets everything. The next message is the one after `position`.
  void begin(EventId position);

  /// Appends the message after `position()`. A message that reaches nobody has no frame, and its
  /// registration is `every_registration`. `now` never goes back.
  void append(std::int64_t registration_id, FramePtr frame, Instant now,
              StandingChange change = {});

  /// Drops messages that are too old at `now`.
  void trim(Instant now);

  /// The id of the newest message, or the beginning of the history if there is none yet.
  [[nodiscard]] EventId position() const { return position_; }
  /// The oldest cursor that can be resumed after: everything after it is here.
  [[nodiscard]] EventId resumable_from() const {
    return {.epoch = position_.epoch, .sequence = position_.sequence - entries_.size()};
  }
  /// False for `0-0`, which belongs to no history.
  [[nodiscard]] bool can_resume_after(EventId cursor) const {
    return cursor != EventId{} && cursor >= resumable_from() && cursor <= position_;
  }

  /// The first message after the cursor that concerns `registration_id`, or 0. Requires
  /// `can_resume_after`. Takes one step for each message of the registration after the cursor.
  [[nodiscard]] std::uint64_t first_after(std::uint64_t sequence,
                                          std::int64_t registration_id) const;
  /// The same for a `sequence` that concerns `registration_id` and is here, in one step.
  [[nodiscard]] std::uint64_t next_of(std::uint64_t sequence, std::int64_t registration_id) const;

  /// Whether the message is still here. `sequence` is 1 to `position()`.
  [[nodiscard]] bool has(std::uint64_t sequence) const {
    return sequence > position_.sequence - entries_.size();
  }
  /// The frame of a message that is here. Null: it reaches nobody.
  [[nodiscard]] const FramePtr& frame(std::uint64_t sequence) const {
    return entry(sequence).frame;
  }

  /// The registration of a message that is here.
  [[nodiscard]] std::int64_t id_of(std::uint64_t sequence) const {
    return entry(sequence).registration_id;
  }
  /// Whether this message, which must be here, ended its id.
  [[nodiscard]] bool is_final_update(std::uint64_t sequence) const {
    return entry(sequence).is_final_update;
  }
  /// Whether any message of this id is here.
  [[nodiscard]] bool has_any_of(std::int64_t registration_id) const {
    return newest_of_.contains(registration_id);
  }
  /// Whether the whole history is here.
  [[nodiscard]] bool is_whole() const { return resumable_from().sequence == 0; }

  /// How an id stood after the message `sequence`. At least one message of the id must be here, and
  /// `sequence` must be a cursor that can be resumed after.
  struct StandingAt {
    Standing standing = Standing::unknown;
    std::uint64_t final_update = 0;  ///< The last one by then, if the id is final. 0: it was
                                     ///< dropped.
  };
  [[nodiscard]] StandingAt standing_at(std::uint64_t sequence, std::int64_t registration_id) const;

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// When the oldest message that is here arrived. Empty: no message is here.
  [[nodiscard]] std::optional<Instant> oldest_arrival() const {
    return entries_.empty() ? std::nullopt : std::optional(entries_.front().arrival);
  }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    FramePtr frame;
    // An id has 53 bits, so the rest of the word is free.
    std::int64_t registration_id : 56;
    Standing before : 2;
    Standing after : 2;
    bool is_final_update : 1;
    std::uint64_t previous = 0;  // Of the same registration. It may have been dropped.
    std::uint64_t next = 0;
    Instant arrival;
  };
  static constexpr std::int64_t id_bits = (std::int64_t{1} << 55) - 1;

  // The same on every machine, so that every machine drops the same messages.
  static constexpr std::size_t entry_bytes = 40;
  static_assert(sizeof(Entry) <= entry_bytes);

  [[nodiscard]] std::size_t index_of(std::uint64_t sequence) const {
    return static_cast<std::size_t>(sequence - resumable_from().sequence - 1);
  }
  [[nodiscard]] const Entry& entry(std::uint64_t sequence) const {
    return entries_[index_of(sequence)];
  }
  [[nodiscard]] static std::size_t bytes_of(const Entry& entry) {
    return entry_bytes + (entry.frame ? entry.frame->bytes().size() : 0);
  }
  void drop_oldest();

  JournalLimits limits_;
  EventId position_;
  std::deque<Entry> entries_;
  std::unordered_map<std::int64_t, std::uint64_t> newest_of_;  // Only messages that are here.
  std::size_t bytes_ = 0;
};

}  // namespace regstream::hub
