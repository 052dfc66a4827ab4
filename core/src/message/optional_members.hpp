#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <regstream/message/codec.hpp>

#include "message/json_reader.hpp"

namespace regstream::json {

/// Adds a member to the JSON text of an object, which may be empty.
void append_member(std::string& object, std::string_view key, const Value& value);

/// An optional member of an update.
struct OptionalMember {
  std::string_view key;
  std::string_view expected;  ///< A description of the expected value.
  const Value& value;
};

/// Reads members that can't make the update invalid, whatever their type (`decode_update_slices`).
/// An unreadable value is added to the update's unknown members, and counted.
class OptionalMembers {
 public:
  OptionalMembers(UpdateSlices& update, const CodecLimits& limits)
      : update_(update), limits_(limits) {}

  /// A string, or a number's text.
  [[nodiscard]] JsonString text(const OptionalMember& member);
  /// A short string.
  [[nodiscard]] JsonString word(const OptionalMember& member);
  [[nodiscard]] JsonText container(const OptionalMember& member, Kind kind);
  [[nodiscard]] std::int64_t time_ms(const OptionalMember& member);

 private:
  void set_aside(const OptionalMember& member);

  UpdateSlices& update_;
  const CodecLimits& limits_;
};

}  // namespace regstream::json
