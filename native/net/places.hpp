#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace regstream::net {

/// Counts what each client, token, … has at a time. On one thread; places may outlive it.
template <typename Key>
class Places {
 public:
  class Count;
  /// A place among those of its key, given back with the last copy. As small as a pointer, since
  /// each stream has one; null for what is not counted.
  using Place = boost::intrusive_ptr<Count>;

  /// At most `places_max` for each key; 0: any number.
  explicit Places(std::size_t places_max) : places_max_(places_max) {}

  /// Nothing: this key has as many places as it may have.
  [[nodiscard]] std::optional<Place> enter(const Key& key) {
    if (places_max_ == 0) {
      return Place();
    }
    const auto found = counts_->find(key);
    if (found == counts_->end()) {
      return Place(new Count(counts_, key));
    }
    if (found->second->use_count() >= places_max_) {
      return std::nullopt;
    }
    return Place(found->second);
  }

 private:
  using Map = std::map<Key, Count*>;

  std::size_t places_max_;
  std::shared_ptr<Map> counts_ = std::make_shared<Map>();
};

/// The places of one key: as many as refer to it.
template <typename Key>
class Places<Key>::Count
    : public boost::intrusive_ref_counter<Count, boost::thread_unsafe_counter> {
 public:
  Count(std::shared_ptr<Map> counts, const Key& key)
      : counts_(std::move(counts)), entry_(counts_->emplace(key, this).first) {}
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;
  ~Count() { counts_->erase(entry_); }

 private:
  std::shared_ptr<Map> counts_;
  typename Map::iterator entry_;
};

}  // namespace regstream::net
