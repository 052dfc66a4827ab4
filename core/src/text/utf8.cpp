#include "text/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace regstream::text {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::size_t word_bytes = sizeof(std::uint64_t);

/// The length of the ASCII run at the start of `text`, eight bytes at a time.
std::size_t ascii_prefix(std::string_view text) {
  std::size_t length = 0;
  while (text.size() - length >= word_bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + length, word_bytes);
    if ((word & 0x8080808080808080ULL) != 0) {
      break;
    }
    length += word_bytes;
  }
  while (length < text.size() && static_cast<unsigned char>(text[length]) < 0x80) {
    ++length;
  }
  return length;
}

struct Sequence {
  std::size_t length = 1;  ///< The length of the sequence, or of the ill-formed part.
  bool is_valid = false;
};

struct Range {
  unsigned char lowest;
  unsigned char highest;
};

/// The bytes that may follow `lead` directly; later continuation bytes are always 80 to BF.
Range second_byte(unsigned char lead) {
  switch (lead) {
    case 0xE0:
      return {0xA0, 0xBF};  // Below would be overlong.
    case 0xED:
      return {0x80, 0x9F};  // Above would be a surrogate.
    case 0xF0:
      return {0x90, 0xBF};  // Below would be overlong.
    case 0xF4:
      return {0x80, 0x8F};  // Above would exceed U+10FFFF.
    default:
      return {0x80, 0xBF};
  }
}

std::size_t sequence_length(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) {
    return 2;
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    return 4;
  }
  return 1;
}

/// The sequence at the start of `text`, which must begin with a byte of 80 or above.
Sequence first_sequence(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t wanted = sequence_length(lead);
  Range range = second_byte(lead);
  std::size_t length = 1;
  while (length < wanted && length < text.size()) {
    const auto byte = static_cast<unsigned char>(text[length]);
    if (byte < range.lowest || byte > range.highest) {
      break;
    }
    range = {0x80, 0xBF};
    ++length;
  }
  return {.length = length, .is_valid = wanted > 1 && length == wanted};
}

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80;
}

/// Whether `text` begins with three bytes of U+1000 to U+CFFF. Ethiopic, Chinese, Japanese and most
/// of Korean are there, and any two continuation bytes are valid.
bool has_ordinary_triple(std::string_view text) {
  if (text.size() < 3) {
    return false;
  }
  const auto lead = static_cast<unsigned char>(text[0]);
  return lead >= 0xE1 && lead <= 0xEC && is_continuation(text[1]) && is_continuation(text[2]);
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (true) {
    // Letters of one script follow each other, so the quickest test comes first and repeats.
    while (has_ordinary_triple(text)) {
      text.remove_prefix(3);
    }
    text.remove_prefix(ascii_prefix(text));
    if (text.empty()) {
      return true;
    }
    if (!has_ordinary_triple(text)) {
      const Sequence sequence = first_sequence(text);
      if (!sequence.is_valid) {
        return false;
      }
      text.remove_prefix(sequence.length);
    }
  }
}

bool has_control_character(std::string_view text) {
  for (std::size_t index = 0; index < text.size(); ++index) {
    const auto byte = static_cast<unsigned char>(text[index]);
    const bool is_c1 = byte == 0xC2 && index + 1 < text.size() &&
                       static_cast<unsigned char>(text[index + 1]) < 0xA0;
    if (byte < 0x20 || byte == 0x7F || is_c1) {
      return true;
    }
  }
  return false;
}

void append_valid_utf8(std::string& out, std::string_view text) {
  while (!text.empty()) {
    // Well-formed text is copied in runs that are as long as possible.
    std::size_t run = 0;
    Sequence sequence;
    while (true) {
      run += ascii_prefix(text.substr(run));
      if (run == text.size()) {
        out.append(text);
        return;
      }
      sequence = first_sequence(text.substr(run));
      if (!sequence.is_valid) {
        break;
      }
      run += sequence.length;
    }
    out.append(text.substr(0, run));
    out.append(replacement);
    text.remove_prefix(run + sequence.length);
  }
}

void append_code_point(std::string& out, std::uint32_t code_point) {
  const auto continuation = [code_point](unsigned shift) {
    return static_cast<char>(0x80U | ((code_point >> shift) & 0x3FU));
  };
  if (code_point < 0x80) {
    out.push_back(static_cast<char>(code_point));
    return;
  }
  if (code_point < 0x800) {
    out.push_back(static_cast<char>(0xC0U | code_point >> 6U));
  } else {
    if (code_point < 0x10000) {
      out.push_back(static_cast<char>(0xE0U | code_point >> 12U));
    } else {
      out.push_back(static_cast<char>(0xF0U | code_point >> 18U));
      out.push_back(continuation(12));
    }
    out.push_back(continuation(6));
  }
  out.push_back(continuation(0));
}

}  // namespace regstream::text
