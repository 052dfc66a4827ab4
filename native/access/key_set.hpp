#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/token_key.hpp"

namespace regstream::access {

/// The keys that are valid now. Each has a number within this process.
class KeySet {
 public:
  struct Member {
    TokenKey key;
    std::uint64_t number;
  };

  /// Replaces the keys. A key that was there before (`TokenKey`'s ==) keeps its number; a new key
  /// gets a new number. Returns the numbers of keys that are gone.
  std::vector<std::uint64_t> replace(const std::vector<TokenKey>& keys);

  /// The keys that may have signed a token: those of its algorithm that have its `kid` or none. For
  /// a token without `kid`, all keys of its algorithm. Pointers are valid until the next `replace`.
  [[nodiscard]] std::vector<const Member*> candidates(const CompactToken& token) const;

  /// Whether any key has this `kid`, whatever its algorithm.
  [[nodiscard]] bool has_key_id(const std::string& key_id) const;
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }

 private:
  std::vector<Member> members_;
  std::uint64_t last_number_ = 0;
};

}  // namespace regstream::access
