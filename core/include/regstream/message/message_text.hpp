#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <regstream/message/codec.hpp>

namespace regstream {

/// A message's bytes as text: decoded by the Encoding standard ("UTF-8 decode"), which drops a byte
/// order mark and replaces each part that is not UTF-8 by U+FFFD. Everything else stays as
/// published, byte for byte. If nothing changes, nothing is copied: the view is valid as long as
/// the bytes and this object are.
class MessageText {
 public:
  /// More than `bytes_max` bytes stay unchanged, since no decoder accepts them.
  explicit MessageText(std::string_view bytes,
                       std::size_t bytes_max = CodecLimits{}.message_bytes_max);

  [[nodiscard]] std::string_view view() const { return decoded_.empty() ? text_ : decoded_; }

 private:
  std::string_view text_;
  std::string decoded_;  ///< Empty: `text_` is well-formed.
};

}  // namespace regstream
