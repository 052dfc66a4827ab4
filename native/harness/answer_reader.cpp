#include "harness/answer_reader.hpp"

#include <algorithm>
#include <string>

#include "harness/duration_field.hpp"
#include "net/letter_case.hpp"

namespace regstream::harness {
namespace {

bool is_field_value(std::string_view text) {  // RFC 9110, 5.5
  return std::none_of(text.begin(), text.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return (byte < 0x20 && character != '\t') || byte == 0x7f;
  });
}

}  // namespace

bool is_token(std::string_view text) {  // RFC 9110, 5.6.2
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char character) {
    return (character >= '0' && character <= '9') ||
           (net::ascii_lower(character) >= 'a' && net::ascii_lower(character) <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(character) != std::string_view::npos;
  });
}

std::vector<HeaderField> read_headers(const Field& headers) {
  headers.expect_any_object();
  std::vector<HeaderField> result;
  for (const auto& [name, value] : headers.json().items()) {
    const Field field = *headers.member(name);
    const std::string text = field.text();
    if (!is_token(name)) {
      field.fail("has a name that no header field can have");
    }
    if (!is_field_value(text)) {
      field.fail("has control characters, which no header field can have");
    }
    result.push_back({name, text});
  }
  return result;
}

Answer read_answer_members(const Field& answer) {
  Answer result;
  if (const auto after = answer.member("after")) {
    result.after = read_duration(*after);
  }
  if (const auto status = answer.member("status")) {
    result.status = static_cast<unsigned>(status->count(200, 599));
  }
  if (const auto headers = answer.member("headers")) {
    result.headers = read_headers(*headers);
    for (const HeaderField& field : result.headers) {
      if (net::equals_ignoring_case(field.name, "transfer-encoding")) {
        headers->member(field.name)->fail(R"(is written by "framing": "chunked")");
      }
    }
  }
  if (const auto body = answer.member("body")) {
    result.body = body->text();
  }
  if (const auto framing = answer.member("framing")) {
    const std::string name = framing->text();
    if (name != "close" && name != "chunked") {
      framing->fail(R"(must be "close" or "chunked")");
    }
    result.framing = name == "chunked" ? Framing::chunked : Framing::close;
  }
  return result;
}

std::variant<Answer, Refusal> read_answer(const Field& answer) {
  if (answer.json().is_string()) {
    const std::string name = answer.text();
    if (name != "close" && name != "reset") {
      answer.fail(R"(must be an object, "close" or "reset")");
    }
    return name == "close" ? Refusal::close : Refusal::reset;
  }
  answer.expect_object({"after", "status", "headers", "body", "framing"});
  return read_answer_members(answer);
}

}  // namespace regstream::harness
