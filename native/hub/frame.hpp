#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace regstream::hub {

/// How a response body is framed.
enum class Framing : std::uint8_t {
  bare,     ///< HTTP/1.0: the bytes as they are, until the connection ends.
  chunked,  ///< HTTP/1.1: chunks (RFC 9112, 7.1), so that a good end differs from a cut.
};

/// Bytes of an event stream, encoded once and shared by every outbox that holds them. They are
/// stored as one chunk, with its header and its CRLF, so that neither framing costs a delivery
/// anything.
///
/// The reference count is not atomic: frames stay on the hub's thread, and a delivery costs one
/// increment.
class Frame : public boost::intrusive_ref_counter<Frame, boost::thread_unsafe_counter> {
 public:
  /// The chunk is `opening`, `bytes`, `closing`. `opening` and `closing` have at most 255 bytes
  /// each. Nothing is allocated if `bytes` has capacity for both.
  Frame(std::string_view opening, std::string bytes, std::string_view closing);

  /// The event stream's bytes.
  [[nodiscard]] std::string_view bytes() const {
    return std::string_view(chunk_).substr(opening_size_,
                                           chunk_.size() - opening_size_ - closing_size_);
  }
  /// The frame's bytes in a body of this framing.
  [[nodiscard]] std::string_view in(Framing framing) const {
    return framing == Framing::chunked ? std::string_view(chunk_) : bytes();
  }

 private:
  std::uint8_t opening_size_;
  std::uint8_t closing_size_;
  std::string chunk_;
};

using FramePtr = boost::intrusive_ptr<const Frame>;

/// A frame that is one chunk. `bytes` must not be empty: an empty chunk would end the body.
[[nodiscard]] FramePtr make_frame(std::string bytes);

/// A first frame and its continuation form one chunk. Many first frames can share a continuation:
/// an event whose id differs from stream to stream.
[[nodiscard]] FramePtr make_first_frame(std::string bytes, const Frame& continuation);
[[nodiscard]] FramePtr make_continuation(std::string bytes);

/// The last chunk, which ends a body in good order. It holds no bytes of the event stream.
[[nodiscard]] FramePtr make_last_chunk();

}  // namespace regstream::hub
