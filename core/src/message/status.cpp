#include <regstream/message/status.hpp>

#include <array>
#include <utility>

namespace regstream {
namespace {

constexpr std::array<std::pair<StageStatus, std::string_view>, 4> stage_status_names{{
    {StageStatus::started, "started"},
    {StageStatus::completed, "completed"},
    {StageStatus::failed, "failed"},
    {StageStatus::skipped, "skipped"},
}};

// <cctype> is not used: a message's meaning must not depend on the locale.
char to_lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool is_word_character(char byte) {
  const char lower = to_lower(byte);
  // Bytes above ASCII count as letters, of other scripts.
  return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' ||
         static_cast<unsigned char>(byte) >= 0x80;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) {
    return false;
  }
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (to_lower(text[index]) != lower[index]) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string_view to_string(StageStatus status) {
  for (const auto& [value, name] : stage_status_names) {
    if (value == status) {
      return name;
    }
  }
  return {};
}

std::optional<StageStatus> parse_stage_status(std::string_view name) {
  for (const auto& [value, known] : stage_status_names) {
    if (known == name) {
      return value;
    }
  }
  return std::nullopt;
}

StageStatus infer_stage_status(std::string_view message) {
  while (!message.empty()) {
    std::size_t length = 0;
    while (length < message.size() && is_word_character(message[length])) {
      ++length;
    }
    if (equals_ignoring_case(message.substr(0, length), "started")) {
      return StageStatus::started;
    }
    message.remove_prefix(length == 0 ? 1 : length);
  }
  return StageStatus::completed;
}

}  // namespace regstream
