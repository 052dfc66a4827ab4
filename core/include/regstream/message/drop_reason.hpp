#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>

namespace regstream {

/// Why a message is not an update. `/api/health` has these names.
enum class DropReason : std::uint8_t {
  too_long,                   ///< More bytes than `CodecLimits` allow.
  not_json,                   ///< Not in RFC 8259's grammar, or a number that no double can hold.
  several_values,             ///< More than one JSON value, such as two lines of JSON.
  array,                      ///< An array, perhaps of updates.
  not_an_object,              ///< JSON of another kind.
  too_deep,                   ///< Nested deeper than `CodecLimits` allow.
  registration_id_missing,    ///< Absent or null.
  registration_id,            ///< Not an integer from 1, nor the digits of one.
  registration_id_too_large,  ///< Above `registration_id_max`.
  status_missing,             ///< Absent or null.
  status,                     ///< Empty, no text, or too long.
  stage,                      ///< Too long.
};

inline constexpr std::array<std::string_view, 12> drop_reason_names{"tooLong",
                                                                    "notJson",
                                                                    "severalValues",
                                                                    "array",
                                                                    "notAnObject",
                                                                    "tooDeep",
                                                                    "registrationIdMissing",
                                                                    "registrationId",
                                                                    "registrationIdTooLarge",
                                                                    "statusMissing",
                                                                    "status",
                                                                    "stage"};

[[nodiscard]] constexpr std::string_view to_string(DropReason reason) {
  return drop_reason_names[static_cast<std::size_t>(reason)];
}

/// How many messages were dropped, by reason.
class DropCounts {
 public:
  void add(DropReason reason) { ++counts_[static_cast<std::size_t>(reason)]; }
  [[nodiscard]] std::uint64_t of(DropReason reason) const {
    return counts_[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint64_t total() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  }
  DropCounts& operator+=(const DropCounts& other) {
    for (std::size_t index = 0; index < counts_.size(); ++index) {
      counts_[index] += other.counts_[index];
    }
    return *this;
  }

 private:
  std::array<std::uint64_t, drop_reason_names.size()> counts_{};
};

}  // namespace regstream
