#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/token_key.hpp"

namespace regstream::access {

/// The keys that count now. Each has a number of the process's own.
class KeySet {
 public:
  struct Member {
    TokenKey key;
    std::uint64_t number;
  };

  /// From now on these count. One that counted already (`TokenKey`'s ==) keeps its number; another
  /// gets one that no key had. Returns the numbers of those that no longer count.
  std::vector<std::uint64_t> replace(const std::vector<TokenKey>& keys);

  /// The keys that may have signed a token: of its algorithm, and of its `kid` or without one. A
  /// token without `kid` may be of any. Pointers hold until the next `replace`.
  [[nodiscard]] std::vector<const Member*> candidates(const CompactToken& token) const;

  /// Whether a key has this `kid`, of whatever algorithm.
  [[nodiscard]] bool has_key_id(const std::string& key_id) const;
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }

 private:
  std::vector<Member> members_;
  std::uint64_t last_number_ = 0;
};

}  // namespace regstream::access
