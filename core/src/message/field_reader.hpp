#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <regstream/message/codec.hpp>

#include "message/json_reader.hpp"

namespace regstream::json {

enum class Presence : std::uint8_t { optional, required };

/// Largest integer that every JSON reader agrees upon: 2^53 - 1.
inline constexpr std::int64_t integer_max = (std::int64_t{1} << 53) - 1;

/// Takes typed values out of the members of one object. The first mistake is kept, and makes the
/// results meaningless; absent optional members give the empty value.
class FieldReader {
 public:
  FieldReader(std::span<const std::string_view> keys, std::span<Value> values)
      : keys_(keys), values_(values) {}

  [[nodiscard]] const std::optional<DecodeError>& error() const { return error_; }

  /// An integer from `least` to 2^53 - 1.
  [[nodiscard]] std::int64_t integer(std::size_t index, std::int64_t least, Presence presence);
  /// Milliseconds since the Unix epoch; fractions are dropped.
  [[nodiscard]] std::int64_t timestamp_ms(std::size_t index);
  [[nodiscard]] std::string text(std::size_t index);
  /// A short text that must not be empty where it is required.
  [[nodiscard]] std::string name(std::size_t index, std::size_t bytes_max, Presence presence);
  [[nodiscard]] std::optional<bool> boolean(std::size_t index);
  /// The text of an object or array, as it stands in the input.
  [[nodiscard]] std::string_view raw(std::size_t index, Kind kind);

 private:
  /// The member if it is of `kind`; nothing if it is absent, or wrong and noted as `expectation`.
  [[nodiscard]] Value* find(std::size_t index, Kind kind, Presence presence,
                            std::string_view expectation);
  void fail(std::size_t index, std::string_view expectation);

  std::span<const std::string_view> keys_;
  std::span<Value> values_;
  std::optional<DecodeError> error_;
};

}  // namespace regstream::json
