#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "records.hpp"

/// The input buffer and the result record, which all calls share.
namespace regstream::abi {

[[nodiscard]] Result& result_record();

/// Returns two consecutive texts of the input buffer; nothing if they exceed it.
[[nodiscard]] std::optional<std::pair<std::string_view, std::string_view>> two_inputs(
    std::uint32_t first_size, std::uint32_t second_size);

/// Returns bytes of a stream; nothing if they exceed the input buffer or `bytes_limit`.
[[nodiscard]] std::optional<std::string_view> stream_input(std::uint32_t size);

/// Frees a buffer that one large message grew. Invalidates the results of the two functions above.
void release_input();

[[nodiscard]] Bytes bytes_of(std::string_view text);

}  // namespace regstream::abi
