#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/message/codec.hpp>

#include "message/json_reader.hpp"

/// An update's members, for its two readers: of an update by itself, and of the stream's envelope.
namespace regstream::json {

inline constexpr std::size_t update_member_count = 9;

struct UpdateMembers {
  explicit UpdateMembers(const Workflow& of);

  const Workflow& workflow;
  std::array<std::string_view, update_member_count> keys;
  std::array<Value, update_member_count> known;
  std::string unknown;
};

/// Returns what to read an update's members with; `members` must outlive it.
[[nodiscard]] Wanted wanted_of_update(UpdateMembers& members);

/// Writes the members, once they have been read, into the empty `update`, and moves `unknown` out
/// of them. Returns an error if they are not an update.
[[nodiscard]] std::optional<DecodeError> update_of(UpdateMembers& members,
                                                   const CodecLimits& limits, UpdateSlices& update);

}  // namespace regstream::json
