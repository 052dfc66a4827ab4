#include <regstream/message/message_text.hpp>

#include "text/utf8.hpp"

namespace regstream {

MessageText::MessageText(std::string_view bytes, std::size_t bytes_max) : text_(bytes) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text_.starts_with(byte_order_mark)) {
    text_.remove_prefix(byte_order_mark.size());
  }
  if (text_.size() <= bytes_max && !text::is_valid_utf8(text_)) {
    text::append_valid_utf8(decoded_, text_);
  }
}

}  // namespace regstream
