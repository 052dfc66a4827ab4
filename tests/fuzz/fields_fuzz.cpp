#include <algorithm>
#include <cstdint>
#include <string_view>

#include "check.hpp"
#include "client/request_fields.hpp"
#include "client/response_fields.hpp"
#include "input.hpp"

// Header fields of servers' responses, and those that a caller wants to send. The input is a name,
// a line end, and a value.

namespace regstream::fuzz {
namespace {

constexpr std::int64_t seconds_max = 2147483647;

void check_retry_after(std::string_view value) {
  for (const std::time_t now : {std::time_t{0}, std::time_t{1'702'493'000}}) {
    const auto delay = client::parse_retry_after(value, now);
    check(!delay || (*delay >= Duration::zero() && *delay <= std::chrono::seconds{seconds_max}),
          "a wait is neither negative nor without end");
  }
  if (!value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t seconds = 0;
    for (const char digit : value) {
      seconds = std::min(seconds_max, seconds * 10 + (digit - '0'));
    }
    check(client::parse_retry_after(value, 0) == std::chrono::seconds{seconds},
          "digits are seconds");
  }
}

bool breaks_line(std::string_view text) {
  return text.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos;
}

void check_request(std::string_view name, std::string_view value) {
  check(!client::is_field_value(value) || !breaks_line(value), "no value ends its line");
  const bool is_sent = !client::header_problem({std::string{name}, std::string{value}});
  check(!is_sent || (!name.empty() && !breaks_line(value)), "no header ends its line");
  check(!is_sent || std::all_of(name.begin(), name.end(),
                                [](char byte) { return byte > ' ' && byte < 0x7F && byte != ':'; }),
        "a header's name is a name");
  check(client::method_problem(std::string{name}).has_value() || !breaks_line(name),
        "no method ends its line");
}

void check_content_type(std::string_view value) {
  check(!client::is_event_stream(value) ||
            value.size() >= std::string_view{"text/event-stream"}.size(),
        "an event stream is called so");
}

}  // namespace
}  // namespace regstream::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  regstream::fuzz::Input input{data, size};
  const auto name = input.until('\n');
  const regstream::fuzz::ExactCopy value{input.rest()};
  regstream::fuzz::check_retry_after(value.view());
  regstream::fuzz::check_content_type(value.view());
  regstream::fuzz::check_request(name, value.view());
  return 0;
}
