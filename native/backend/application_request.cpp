#include "backend/application_request.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "net/json_body.hpp"

namespace regstream::backend {
namespace {

using Json = nlohmann::json;

// The page has one line for each field. The longest real names and addresses fit (RFC 5321,
// 4.5.3.1: an e-mail address has at most 254 octets).
struct Field {
  const char* name;
  std::size_t characters_max;
  bool is_required;
};
constexpr Field customer_name_field{"customerName", 120, true};
constexpr Field customer_number_field{"customerNumber", 32, true};
constexpr Field phone_field{"phone", 32, true};
constexpr Field branch_field{"branch", 80, true};
constexpr Field national_id_field{"nationalId", 40, true};
constexpr Field email_field{"email", 254, false};
constexpr std::array fields{customer_name_field, customer_number_field, phone_field,
                            branch_field,        national_id_field,     email_field};

// A body of unknown fields must not become an error of its own size.
constexpr std::size_t problems_max = 10;
constexpr std::size_t quoted_bytes_max = 40;

bool is_continuation_byte(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char byte) { return !is_continuation_byte(byte); }));
}

/// `utf8` must be well-formed.
bool has_control_character(std::string_view utf8) {
  for (std::size_t index = 0; index < utf8.size(); ++index) {
    const auto byte = static_cast<unsigned char>(utf8[index]);
    const bool is_c1 = byte == 0xc2U && static_cast<unsigned char>(utf8[index + 1]) < 0xa0U;
    if (byte < 0x20U || byte == 0x7fU || is_c1) {
      return true;
    }
  }
  return false;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view white_space = " \t\r\n";
  const std::size_t first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

std::string quote(std::string_view text) {
  std::size_t length = std::min(text.size(), quoted_bytes_max);
  while (length < text.size() && length > 0 && is_continuation_byte(text[length])) {
    --length;
  }
  return "\"" + std::string{text.substr(0, length)} + (length < text.size() ? "…" : "") + "\"";
}

/// Reads the fields of one object, and collects their problems.
class Reader {
 public:
  explicit Reader(const Json& object) : object_(object) {}

  std::optional<std::string> read(const Field& field) {
    const std::string name = field.name;
    const auto position = object_.find(name);
    if (position == object_.end() || (position->is_null() && !field.is_required)) {
      if (field.is_required) {
        problems_.push_back(name + " is missing");
      }
      return std::nullopt;
    }
    if (!position->is_string()) {
      problems_.push_back(name + " must be a string");
      return std::nullopt;
    }
    const std::string_view value = trim(position->get_ref<const std::string&>());
    if (value.empty()) {
      problems_.push_back(name + " must not be empty");
    } else if (has_control_character(value)) {
      problems_.push_back(name + " must not have control characters");
    } else if (count_characters(value) > field.characters_max) {
      problems_.push_back(name + " must have at most " + std::to_string(field.characters_max) +
                          " characters");
    }
    return std::string{value};
  }

  void check_email(const std::optional<std::string>& address) {
    if (!address || address->empty()) {
      return;
    }
    const std::size_t at = address->find('@');
    if (at == 0 || at == std::string::npos || at + 1 == address->size() ||
        address->find('@', at + 1) != std::string::npos ||
        address->find(' ') != std::string::npos) {
      problems_.emplace_back("email must look like name@example.com");
    }
  }

  void refuse_unknown_fields() {
    for (const auto& item : object_.items()) {
      if (problems_.size() > problems_max) {
        return;
      }
      if (std::none_of(fields.begin(), fields.end(),
                       [&](const Field& field) { return item.key() == field.name; })) {
        problems_.push_back(quote(item.key()) + " is not a field of a registration");
      }
    }
  }

  /// All problems as one text; nothing if there are none.
  [[nodiscard]] std::string detail() const {
    std::string text;
    for (std::size_t index = 0; index < problems_.size(); ++index) {
      if (index == problems_max) {
        return text + "; and more.";
      }
      text += (index == 0 ? "" : "; ") + problems_[index];
    }
    return text.empty() ? text : text + ".";
  }

 private:
  const Json& object_;
  std::vector<std::string> problems_;
};

}  // namespace

std::variant<Application, InvalidApplication> parse_application(std::string_view body) {
  const auto parsed = net::parse_json_body(body);
  if (const auto* problem = std::get_if<net::JsonBodyProblem>(&parsed)) {
    return InvalidApplication{problem->detail};
  }
  Reader reader{std::get<Json>(parsed)};
  const auto required = [&reader](const Field& field) {
    return reader.read(field).value_or(std::string{});
  };
  Application application;
  application.customer_name = required(customer_name_field);
  application.customer_number = required(customer_number_field);
  application.phone = required(phone_field);
  application.branch = required(branch_field);
  application.national_id = required(national_id_field);
  application.email = reader.read(email_field);
  reader.check_email(application.email);
  reader.refuse_unknown_fields();
  if (std::string detail = reader.detail(); !detail.empty()) {
    return InvalidApplication{std::move(detail)};
  }
  return application;
}

}  // namespace regstream::backend
