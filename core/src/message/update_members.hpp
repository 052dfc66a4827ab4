#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <variant>

#include <regstream/message/codec.hpp>

#include "message/json_reader.hpp"

/// An update's members, for the two who read one: by itself, and in the stream's envelope.
namespace regstream::json {

inline constexpr std::size_t update_member_count = 9;

struct UpdateMembers {
  std::array<Value, update_member_count> known;
  std::string unknown;
};

/// To read an update's members with; `members` must outlive it.
[[nodiscard]] Wanted wanted_of_update(UpdateMembers& members);

/// What the members say, once they have been read; `unknown` is taken out of them.
[[nodiscard]] std::variant<UpdateSlices, DecodeError> update_of(UpdateMembers& members,
                                                                const CodecLimits& limits);

}  // namespace regstream::json
