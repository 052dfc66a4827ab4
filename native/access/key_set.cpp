#include "access/key_set.hpp"

#include <algorithm>
#include <utility>

namespace regstream::access {

std::vector<std::uint64_t> KeySet::replace(const std::vector<TokenKey>& keys) {
  std::vector<Member> members;
  const auto find = [](const std::vector<Member>& among, const TokenKey& key) {
    return std::find_if(among.begin(), among.end(),
                        [&key](const Member& member) { return member.key == key; });
  };
  for (const TokenKey& key : keys) {
    if (find(members, key) != members.end()) {
      continue;  // Two sources have the same key.
    }
    const auto known = find(members_, key);
    members.push_back(
        {.key = key, .number = known == members_.end() ? ++last_number_ : known->number});
  }
  std::vector<std::uint64_t> withdrawn;
  for (const Member& member : members_) {
    if (find(members, member.key) == members.end()) {
      withdrawn.push_back(member.number);
    }
  }
  members_ = std::move(members);
  return withdrawn;
}

std::vector<const KeySet::Member*> KeySet::candidates(const CompactToken& token) const {
  std::vector<const Member*> found;
  for (const Member& member : members_) {
    const auto& key_id = member.key.key_id();
    if (member.key.algorithm() == token.algorithm &&
        (!token.key_id || !key_id || *key_id == *token.key_id)) {
      found.push_back(&member);
    }
  }
  return found;
}

bool KeySet::has_key_id(const std::string& key_id) const {
  return std::any_of(members_.begin(), members_.end(),
                     [&key_id](const Member& member) { return member.key.key_id() == key_id; });
}

}  // namespace regstream::access
