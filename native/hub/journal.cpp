#include "hub/journal.hpp"

#include <utility>

namespace regstream::hub {

void Journal::begin(EventId position) {
  position_ = position;
  entries_.clear();
  newest_of_.clear();
  bytes_ = 0;
}

void Journal::append(std::int64_t registration_id, FramePtr frame, Instant now,
                     StandingChange change) {
  const std::uint64_t sequence = position_.sequence + 1;
  std::uint64_t previous = 0;
  if (registration_id != every_registration) {
    previous = std::exchange(newest_of_[registration_id], sequence);
    if (previous != 0) {
      entries_[index_of(previous)].next = sequence;
    }
  }
  Entry& added = entries_.emplace_back();
  added.frame = std::move(frame);
  added.registration_id = registration_id & id_bits;
  added.before = change.before;
  added.after = change.after;
  added.is_final_update = change.is_final_update;
  added.previous = previous;
  added.arrival = now;
  position_.sequence = sequence;
  bytes_ += bytes_of(added);

  while (entries_.size() > 1 &&
         (entries_.size() > limits_.count_max || bytes_ > limits_.bytes_max)) {
    drop_oldest();
  }
  trim(now);
}

void Journal::trim(Instant now) {
  while (!entries_.empty() && now - entries_.front().arrival > limits_.age_max) {
    drop_oldest();
  }
}

void Journal::drop_oldest() {
  const Entry& oldest = entries_.front();
  bytes_ -= bytes_of(oldest);
  if (oldest.next == 0 && oldest.registration_id != every_registration) {
    newest_of_.erase(oldest.registration_id);
  }
  entries_.pop_front();
}

std::uint64_t Journal::first_after(std::uint64_t sequence, std::int64_t registration_id) const {
  if (registration_id == every_registration) {
    return sequence < position_.sequence ? sequence + 1 : 0;
  }
  const auto newest = newest_of_.find(registration_id);
  std::uint64_t first = 0;
  if (newest != newest_of_.end()) {
    for (std::uint64_t one = newest->second; one > sequence; one = entry(one).previous) {
      first = one;
    }
  }
  return first;
}

Journal::StandingAt Journal::standing_at(std::uint64_t sequence,
                                         std::int64_t registration_id) const {
  const std::uint64_t first_behind = first_after(sequence, registration_id);
  std::uint64_t last =
      first_behind == 0 ? newest_of_.find(registration_id)->second : entry(first_behind).previous;
  if (!has(last)) {
    return {.standing = entry(first_behind).before};
  }
  StandingAt result{.standing = entry(last).after};
  while (has(last) && !entry(last).is_final_update) {
    last = entry(last).previous;
  }
  if (result.standing == Standing::final && has(last)) {
    result.final_update = last;
  }
  return result;
}

std::uint64_t Journal::next_of(std::uint64_t sequence, std::int64_t registration_id) const {
  if (registration_id == every_registration) {
    return sequence < position_.sequence ? sequence + 1 : 0;
  }
  return entry(sequence).next;
}

}  // namespace regstream::hub
