#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>

namespace regstream::net {

/// Counts how many places each client, token, … has at a time. Use it from any thread: the loops of
/// a process share it. It takes a lock when a connection or a stream opens and closes, and none
/// while it is served. Places may outlive it.
template <typename Key>
class Places {
 public:
  class Count;
  /// One of its key's places, returned with its last copy. As small as a pointer, because each
  /// stream has one; null if it is not counted.
  using Place = boost::intrusive_ptr<Count>;

  /// Each key has at most `places_max` places; 0: no limit.
  explicit Places(std::size_t places_max) : places_max_(places_max) {}

  /// Nothing: this key has reached its limit.
  [[nodiscard]] std::optional<Place> enter(const Key& key) {
    if (places_max_ == 0) {
      return Place();
    }
    const std::lock_guard lock(table_->mutex);
    const auto found = table_->counts.find(key);
    if (found == table_->counts.end()) {
      return Place(new Count(table_, key), false);
    }
    Count& count = *found->second;
    if (count.places_ >= places_max_) {
      return std::nullopt;
    }
    ++count.places_;
    return Place(&count, false);
  }

 private:
  struct Table {
    std::mutex mutex;
    std::map<Key, Count*> counts;
  };

  const std::size_t places_max_;
  const std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

/// The places of one key, counted by the pointers to this.
template <typename Key>
class Places<Key>::Count {
 public:
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;

  friend void intrusive_ptr_add_ref(Count* count) {
    const std::lock_guard lock(count->table_->mutex);
    ++count->places_;
  }
  friend void intrusive_ptr_release(Count* count) {
    const std::shared_ptr<Table> table = count->table_;
    const std::lock_guard lock(table->mutex);
    if (--count->places_ == 0) {
      table->counts.erase(count->entry_);
      delete count;
    }
  }

 private:
  friend class Places;

  // Call it with the table locked.
  Count(std::shared_ptr<Table> table, const Key& key)
      : table_(std::move(table)), entry_(table_->counts.emplace(key, this).first) {}
  ~Count() = default;

  const std::shared_ptr<Table> table_;
  const typename std::map<Key, Count*>::iterator entry_;
  std::size_t places_ = 1;  // The table's lock guards it.
};

}  // namespace regstream::net
