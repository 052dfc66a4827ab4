#include "hub/frame.hpp"

#include <array>
#include <charconv>

namespace regstream::hub {

namespace {

constexpr std::string_view line_end = "\r\n";

std::string chunk_header(std::size_t size) {
  std::array<char, 2 * sizeof size> digits;
  char* const begin = digits.data();
  char* const end = std::to_chars(begin, begin + digits.size(), size, 16).ptr;
  return std::string(begin, end).append(line_end);
}

FramePtr make(std::string_view opening, std::string_view bytes, std::string_view closing) {
  return FramePtr(new Frame(opening, bytes, closing));
}

}  // namespace

Frame::Frame(std::string_view opening, std::string_view bytes, std::string_view closing)
    : opening_size_(static_cast<std::uint8_t>(opening.size())),
      closing_size_(static_cast<std::uint8_t>(closing.size())) {
  chunk_.reserve(opening.size() + bytes.size() + closing.size());
  chunk_.append(opening).append(bytes).append(closing);
}

FramePtr make_frame(std::string_view bytes) {
  return make(chunk_header(bytes.size()), bytes, line_end);
}

FramePtr make_first_frame(std::string_view bytes, const Frame& continuation) {
  return make(chunk_header(bytes.size() + continuation.bytes().size()), bytes, {});
}

FramePtr make_continuation(std::string_view bytes) {
  return make({}, bytes, line_end);
}

FramePtr make_last_chunk() {
  return make("0\r\n\r\n", {}, {});
}

}  // namespace regstream::hub
