#include "hub/following.hpp"

#include <algorithm>
#include <utility>

namespace regstream::hub {

Following::Following(std::vector<std::int64_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.size() == 1) {
    id_ = ids.front();
  } else if (!ids.empty()) {
    several_ = std::make_unique<std::vector<One>>();
    several_->reserve(ids.size());
    for (const std::int64_t id : ids) {
      several_->push_back({.id = id});
    }
  }
}

void Following::resume_after(const Journal& journal, std::uint64_t sequence) {
  if (!several_) {
    next_ = journal.first_after(sequence, id_);
    return;
  }
  for (One& one : *several_) {
    one.next = journal.first_after(sequence, one.id);
  }
  next_ = first_of_several();
}

void Following::skip_all() {
  next_ = 0;
  if (several_) {
    for (One& one : *several_) {
      one.next = 0;
    }
  }
}

void Following::want_snapshot(std::int64_t id) {
  if (!several_) {
    wants_snapshot_ = wants_snapshot_ || (id == id_ && id != every_registration);
    return;
  }
  for (One& one : *several_) {
    one.wants_snapshot = one.wants_snapshot || one.id == id;
  }
}

void Following::want_all_snapshots() {
  wants_snapshot_ = !several_ && id_ != every_registration;
  if (several_) {
    for (One& one : *several_) {
      one.wants_snapshot = true;
    }
  }
}

bool Following::wants_snapshots() const {
  return several_ ? std::any_of(several_->begin(), several_->end(),
                                [](const One& one) { return one.wants_snapshot; })
                  : wants_snapshot_;
}

std::optional<std::int64_t> Following::take_wanted() {
  if (!several_) {
    return std::exchange(wants_snapshot_, false) ? std::optional(id_) : std::nullopt;
  }
  const auto wanted = std::find_if(several_->begin(), several_->end(),
                                   [](const One& one) { return one.wants_snapshot; });
  if (wanted == several_->end()) {
    return std::nullopt;
  }
  wanted->wants_snapshot = false;
  return wanted->id;
}

void Following::skip(std::int64_t id) {
  if (several_) {
    find(id).next = 0;
    next_ = first_of_several();
  } else {
    next_ = 0;
  }
}

Following::One& Following::find(std::int64_t id) {
  return *std::lower_bound(several_->begin(), several_->end(), id,
                           [](const One& one, std::int64_t wanted) { return one.id < wanted; });
}

// A hundred at most, contiguous in memory: a heap would not be faster.
std::uint64_t Following::first_of_several() const {
  std::uint64_t first = 0;
  for (const One& one : *several_) {
    if (one.next != 0 && (first == 0 || one.next < first)) {
      first = one.next;
    }
  }
  return first;
}

std::uint64_t Following::advance_several(const Journal& journal) {
  const std::int64_t id = journal.id_of(next_);
  find(id).next = journal.next_of(next_, id);
  return first_of_several();
}

void Following::offer_several(std::int64_t id, std::uint64_t sequence) {
  One& one = find(id);
  if (one.next == 0) {
    one.next = sequence;
  }
}

}  // namespace regstream::hub
