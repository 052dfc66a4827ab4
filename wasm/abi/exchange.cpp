#include "exchange.hpp"

#include <cstddef>
#include <string>

#include <regstream/message/codec.hpp>

#include "abi.hpp"

namespace regstream::abi {
namespace {

/// Room for an event at its limit and an id. JavaScript cuts longer input. What it leaves of an
/// event or id still exceeds the session's limit, so the message counts as too large; what it
/// leaves of a view is unreadable, so the client marks a gap.
constexpr std::size_t input_bytes_max = CodecLimits{}.stream_message_bytes_max + 8192;

/// More than a browser's `fetch` usually delivers at once. The records of a piece may take forty
/// times its size, since six bytes can be a message with a record and a sentence.
constexpr std::size_t stream_bytes_max = std::size_t{256} << 10U;

constexpr std::size_t input_bytes_kept = std::size_t{64} << 10U;

/// The module has one thread, and a C ABI keeps its state in objects of static storage.
std::string& input_buffer() {
  static std::string buffer;
  return buffer;
}

}  // namespace

Result& result_record() {
  static Result record;
  return record;
}

std::optional<std::pair<std::string_view, std::string_view>> two_inputs(std::uint32_t first_size,
                                                                        std::uint32_t second_size) {
  const std::string_view input = input_buffer();
  if (first_size > input.size() || second_size > input.size() - first_size) {
    return std::nullopt;
  }
  return std::pair(input.substr(0, first_size), input.substr(first_size, second_size));
}

std::optional<std::string_view> stream_input(std::uint32_t size) {
  const auto texts = two_inputs(size, 0);
  return texts && size <= stream_bytes_max ? std::optional(texts->first) : std::nullopt;
}

void release_input() {
  if (input_buffer().capacity() > input_bytes_kept) {
    input_buffer().clear();
    input_buffer().shrink_to_fit();
  }
}

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<std::uintptr_t>(text.data()), static_cast<std::uint32_t>(text.size())};
}

std::uint32_t abi_version() {
  return abi_version_number;
}

char* input(std::uint32_t size) {
  if (size > input_bytes_max) {
    return nullptr;
  }
  input_buffer().resize(size);
  return input_buffer().data();
}

std::uint32_t input_limit() {
  return input_bytes_max;
}

std::uint32_t bytes_limit() {
  return stream_bytes_max;
}

const Result* result() {
  return &result_record();
}

}  // namespace regstream::abi
