#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <regstream/message/codec.hpp>

namespace regstream {

/// A message's bytes as the text that everybody reads: decoded by the Encoding standard ("UTF-8
/// decode"), that is without a byte order mark, and with U+FFFD for each part that is not UTF-8.
/// Everything else stays as it was published, byte for byte, and where nothing has to change
/// nothing is copied: the view holds as long as the bytes do, and this object.
class MessageText {
 public:
  /// More than `bytes_max` bytes stay as they are: no decoder takes them.
  explicit MessageText(std::string_view bytes,
                       std::size_t bytes_max = CodecLimits{}.message_bytes_max);

  [[nodiscard]] std::string_view view() const { return mended_.empty() ? text_ : mended_; }

 private:
  std::string_view text_;
  std::string mended_;  ///< Empty: `text_` is well-formed.
};

}  // namespace regstream
