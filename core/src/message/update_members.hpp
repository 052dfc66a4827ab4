#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/message/codec.hpp>

#include "message/json_reader.hpp"

/// An update's members, for the two who read one: by itself, and in the stream's envelope.
namespace regstream::json {

inline constexpr std::size_t update_member_count = 9;

struct UpdateMembers {
  explicit UpdateMembers(const Workflow& of);

  const Workflow& workflow;
  std::array<std::string_view, update_member_count> keys;
  std::array<Value, update_member_count> known;
  std::string unknown;
};

/// To read an update's members with; `members` must outlive it.
[[nodiscard]] Wanted wanted_of_update(UpdateMembers& members);

/// Puts what the members say, once they have been read, into `update`, which is empty before;
/// `unknown` is taken out of them. Or why they are no update.
[[nodiscard]] std::optional<DecodeError> update_of(UpdateMembers& members,
                                                   const CodecLimits& limits, UpdateSlices& update);

}  // namespace regstream::json
