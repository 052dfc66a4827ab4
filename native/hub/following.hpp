#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "hub/journal.hpp"

namespace regstream::hub {

/// The ids that a subscription follows, and its place in the journal's chain of each. Usually this
/// is one id, or all ids: then it needs no allocation, and a message costs one look at the journal.
class Following {
 public:
  /// The place of a subscription that no audience lists yet.
  static constexpr std::uint32_t nowhere = UINT32_MAX;

  /// Follows everyone.
  Following() = default;
  /// Follows `ids`; duplicates count once. Empty: follows everyone.
  explicit Following(std::vector<std::int64_t> ids);

  /// The next message of the journal that concerns it. 0: it has had all of them.
  [[nodiscard]] std::uint64_t next() const { return next_; }
  /// Notes a new message of `id`, which it must follow. True: this is the next message. False:
  /// older ones are waiting.
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
  /// Moves past `next()`, which must be in the journal.
  void advance(const Journal& journal) {
    next_ = several_ ? advance_several(journal) : journal.next_of(next_, id_);
  }
  /// Moves to the first message after the cursor. Requires `Journal::can_resume_after`.
  void resume_after(const Journal& journal, std::uint64_t sequence);
  /// Skips all messages that are there: the next message will be a new one.
  void skip_all();

  // Snapshots, which are sent before the messages.
  /// Does nothing for an id that it does not follow.
  void want_snapshot(std::int64_t id);
  void want_all_snapshots();
  [[nodiscard]] bool wants_snapshots() const;
  /// The next id that wants a snapshot; it then wants none any more. Call `skip` afterwards if the
  /// snapshot covers the id's messages.
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
  /// The subscription's place in the audience of `id`; for the owner of the audiences.
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
  std::uint64_t next_ = 0;  // The smallest, if there are several ids.
  std::uint32_t place_ = nowhere;
  bool wants_snapshot_ = false;
  std::unique_ptr<std::vector<One>> several_;  // Ordered by id. Null: there is only one.
};

}  // namespace regstream::hub
