#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "hub/journal.hpp"

namespace regstream::hub {

/// Which ids a subscription follows, and where it stands in the journal's chain of each. One id, or
/// all, is the usual case: it takes no allocation, and following it costs one look at the journal.
class Following {
 public:
  /// The place of what no audience lists yet.
  static constexpr std::uint32_t nowhere = UINT32_MAX;

  /// Everybody's messages.
  Following() = default;
  /// Those of `ids`, each of which counts once; none: everybody's.
  explicit Following(std::vector<std::int64_t> ids);

  /// The next message of the journal that concerns it; 0: it has had all of them.
  [[nodiscard]] std::uint64_t next() const { return next_; }
  /// A new message of `id`, one of its ids. True: it is the next one; otherwise older ones are.
  bool offer(std::int64_t id, std::uint64_t sequence) {
    if (several_) {
      offer_several(id, sequence);
    }
    if (next_ != 0) {
      return false;
    }
    next_ = sequence;
    return true;
  }
  /// Goes on behind `next()`, which the journal has.
  void advance(const Journal& journal) {
    next_ = several_ ? advance_several(journal) : journal.next_of(next_, id_);
  }
  /// Goes on with the first message after the cursor. Needs `Journal::can_resume_after`.
  void resume_after(const Journal& journal, std::uint64_t sequence);
  /// Whatever there is, it has had it: the next message is a new one.
  void skip_all();

  // Snapshots, which come before the messages.
  /// Of an id that it does not follow: nothing happens.
  void want_snapshot(std::int64_t id);
  void want_all_snapshots();
  [[nodiscard]] bool wants_snapshots() const;
  /// The next id that wants one, which it then no longer does. What there is of that id counts as
  /// had if `skip` is called.
  [[nodiscard]] std::optional<std::int64_t> take_wanted();
  void skip(std::int64_t id);

  /// The one id, or `every_registration`.
  [[nodiscard]] std::int64_t id() const { return id_; }
  /// Calls `visit` with each id, or with `every_registration`.
  template <typename Visit>
  void for_each_id(Visit visit) const {
    if (!several_) {
      visit(id_);
      return;
    }
    for (const One& one : *several_) {
      visit(one.id);
    }
  }
  /// Where the audience of `id` lists the subscription; for the owner of the audiences.
  [[nodiscard]] std::uint32_t& place(std::int64_t id) { return several_ ? find(id).place : place_; }

 private:
  struct One {
    std::int64_t id;
    std::uint64_t next = 0;
    std::uint32_t place = nowhere;
    bool wants_snapshot = false;
  };

  [[nodiscard]] One& find(std::int64_t id);
  [[nodiscard]] std::uint64_t first_of_several() const;
  [[nodiscard]] std::uint64_t advance_several(const Journal& journal);
  void offer_several(std::int64_t id, std::uint64_t sequence);

  std::int64_t id_ = every_registration;
  std::uint64_t next_ = 0;  // Of several, the smallest.
  std::uint32_t place_ = nowhere;
  bool wants_snapshot_ = false;
  std::unique_ptr<std::vector<One>> several_;  // In the order of their ids. Null: there is one.
};

}  // namespace regstream::hub
