#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <regstream/message/codec.hpp>

#include "message/json_reader.hpp"

namespace regstream::json {

enum class Presence : std::uint8_t { optional, required };

/// Reads typed values from the members of one object. It keeps the first error, after which the
/// results are meaningless. Absent optional members give the empty value.
class FieldReader {
 public:
  FieldReader(std::span<const std::string_view> keys, std::span<const Value> values)
      : keys_(keys), values_(values) {}

  [[nodiscard]] const std::optional<DecodeError>& error() const { return error_; }

  /// The required id of an instance, as `decode_update_slices` describes. The error has its reason.
  [[nodiscard]] std::int64_t integer_id(std::size_t index);
  [[nodiscard]] JsonString text_id(std::size_t index);
  /// Milliseconds since the Unix epoch; fractions are dropped.
  [[nodiscard]] std::int64_t timestamp_ms(std::size_t index);
  [[nodiscard]] JsonString text(std::size_t index);
  /// A short text that must not be empty if it is required.
  [[nodiscard]] JsonString name(std::size_t index, std::size_t bytes_max, Presence presence);
  [[nodiscard]] std::optional<bool> boolean(std::size_t index);
  /// The text of an object or array, as written in the input.
  [[nodiscard]] std::string_view raw(std::size_t index, Kind kind);

 private:
  /// Returns the member if it is of `kind`. Nothing if it is absent, or if it is wrong; then the
  /// error says `expectation`.
  [[nodiscard]] const Value* find(std::size_t index, Kind kind, std::string_view expectation);
  void fail(std::size_t index, std::string_view expectation);
  /// Like `fail`, with a complete predicate.
  void refuse(std::size_t index, std::string_view predicate, DropReason reason);

  std::span<const std::string_view> keys_;
  std::span<const Value> values_;
  std::optional<DecodeError> error_;
};

}  // namespace regstream::json
