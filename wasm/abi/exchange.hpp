#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "records.hpp"

/// What all calls share: the input buffer and the result record.
namespace regstream::abi {

[[nodiscard]] Result& result_record();

/// Two texts, one after the other in the input buffer; nothing if they are not in it.
[[nodiscard]] std::optional<std::pair<std::string_view, std::string_view>> two_inputs(
    std::uint32_t first_size, std::uint32_t second_size);

/// Bytes of a stream; nothing if they are not in the input buffer, or over `bytes_limit`.
[[nodiscard]] std::optional<std::string_view> stream_input(std::uint32_t size);

/// Gives a buffer back that one large message grew. Ends what the two gave.
void release_input();

[[nodiscard]] Bytes bytes_of(std::string_view text);

}  // namespace regstream::abi
