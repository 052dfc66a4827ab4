#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace regstream::hub {

/// How the body of an answer is framed.
enum class Framing : std::uint8_t {
  bare,     ///< HTTP/1.0: the bytes as they are, until the connection ends.
  chunked,  ///< HTTP/1.1: in chunks (RFC 9112, 7.1), so that an end differs from a cut.
};

/// Bytes of an event stream, encoded once and shared by every outbox that holds them. They are kept
/// as a chunk, its header and the CRLF after it included, so that neither framing costs a delivery
/// anything.
///
/// The count is not atomic: frames live on the hub's thread, and a delivery costs an increment.
class Frame : public boost::intrusive_ref_counter<Frame, boost::thread_unsafe_counter> {
 public:
  /// `opening` stands before `bytes` in the chunk, `closing` after them: each at most 255 bytes.
  /// Nothing is allocated where `bytes` have room for both.
  Frame(std::string_view opening, std::string bytes, std::string_view closing);

  /// The event stream's bytes.
  [[nodiscard]] std::string_view bytes() const {
    return std::string_view(chunk_).substr(opening_size_,
                                           chunk_.size() - opening_size_ - closing_size_);
  }
  /// What the frame is in a body of this framing.
  [[nodiscard]] std::string_view in(Framing framing) const {
    return framing == Framing::chunked ? std::string_view(chunk_) : bytes();
  }

 private:
  std::uint8_t opening_size_;
  std::uint8_t closing_size_;
  std::string chunk_;
};

using FramePtr = boost::intrusive_ptr<const Frame>;

/// A frame that is one chunk. `bytes` are not empty: an empty chunk would end the body.
[[nodiscard]] FramePtr make_frame(std::string bytes);

/// A frame and its continuation, which may be shared by many first frames, are one chunk: so is an
/// event whose id differs from stream to stream.
[[nodiscard]] FramePtr make_first_frame(std::string bytes, const Frame& continuation);
[[nodiscard]] FramePtr make_continuation(std::string bytes);

/// The last chunk, which ends a body in good order. It holds no bytes of the event stream.
[[nodiscard]] FramePtr make_last_chunk();

}  // namespace regstream::hub
