#include "hub/frame.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace regstream::hub {

namespace {

constexpr std::string_view line_end = "\r\n";

std::string chunk_header(std::size_t size) {
  std::array<char, 2 * sizeof size> digits;
  char* const begin = digits.data();
  char* const end = std::to_chars(begin, begin + digits.size(), size, 16).ptr;
  return std::string(begin, end).append(line_end);
}

FramePtr make(std::string_view opening, std::string bytes, std::string_view closing) {
  return FramePtr(new Frame(opening, std::move(bytes), closing));
}

}  // namespace

Frame::Frame(std::string_view opening, std::string bytes, std::string_view closing)
    : opening_size_(static_cast<std::uint8_t>(opening.size())),
      closing_size_(static_cast<std::uint8_t>(closing.size())),
      chunk_(std::move(bytes)) {
  chunk_.insert(0, opening).append(closing);
  // A frame may be kept for a day, and unused capacity is counted nowhere.
  if (chunk_.capacity() - chunk_.size() > chunk_.size() / 8) {
    chunk_.shrink_to_fit();
  }
}

FramePtr make_frame(std::string bytes) {
  const std::string header = chunk_header(bytes.size());
  return make(header, std::move(bytes), line_end);
}

FramePtr make_first_frame(std::string bytes, const Frame& continuation) {
  const std::string header = chunk_header(bytes.size() + continuation.bytes().size());
  return make(header, std::move(bytes), {});
}

FramePtr make_continuation(std::string bytes) {
  return make({}, std::move(bytes), line_end);
}

FramePtr make_last_chunk() {
  return make("0\r\n\r\n", {}, {});
}

}  // namespace regstream::hub
