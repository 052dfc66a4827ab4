#include "harness/answer_bytes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <boost/beast/http/status.hpp>

#include "net/letter_case.hpp"

namespace regstream::harness {

namespace {

bool has_field(const std::vector<HeaderField>& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(), [name](const HeaderField& field) {
    return net::equals_ignoring_case(field.name, name);
  });
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string head_bytes(const Answer& answer, bool is_stream) {
  const std::string_view reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(answer.status));
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " ";
  head.append(reason).append("\r\n");
  for (const HeaderField& field : answer.headers) {
    append_field(head, field.name, field.value);
  }
  if (is_stream && !has_field(answer.headers, "Content-Type")) {
    append_field(head, "Content-Type", "text/event-stream");
  }
  if (!has_field(answer.headers, "Cache-Control")) {
    append_field(head, "Cache-Control", "no-store");
  }
  if (!has_field(answer.headers, "Connection")) {
    append_field(head, "Connection", "close");
  }
  if (answer.framing == Framing::chunked && has_body(answer)) {
    append_field(head, "Transfer-Encoding", "chunked");
  } else if (!is_stream && has_body(answer) && !has_field(answer.headers, "Content-Length")) {
    append_field(head, "Content-Length", std::to_string(answer.body.size()));
  }
  return head + "\r\n";
}

std::string as_chunk(std::string_view bytes) {
  std::array<char, 16> size{};
  const auto written = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16);
  std::string chunk(size.data(), written.ptr);
  return chunk.append("\r\n").append(bytes).append("\r\n");
}

}  // namespace regstream::harness
