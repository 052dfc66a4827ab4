#include "client/answer_head.hpp"

#include <cstddef>

#include "client/response_fields.hpp"

namespace regstream::client {

namespace http = boost::beast::http;

namespace {

constexpr std::size_t quoted_bytes_max = 100;

std::optional<std::string_view> coding_in(const http::fields& answer, http::field name,
                                          std::string_view undone) {
  for (auto [at, end] = answer.equal_range(name); at != end; ++at) {
    if (const auto coding = coding_other_than(undone, at->value())) {
      return coding;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> unreadable_coding(const http::fields& answer) {
  if (const auto coding = coding_in(answer, http::field::content_encoding, "identity")) {
    return coding;
  }
  if (const auto coding = coding_in(answer, http::field::transfer_encoding, "chunked")) {
    return coding;
  }
  std::size_t chunked = 0;
  for (auto [at, end] = answer.equal_range(http::field::transfer_encoding); at != end; ++at) {
    chunked += count_codings(at->value());
  }
  // Chunks within chunks (forbidden by RFC 9112, 6.1): nothing decodes both.
  return chunked > 1 ? std::optional<std::string_view>{"chunked, chunked"} : std::nullopt;
}

std::string in_quotes(std::string_view text) {
  std::string quote = "\"";
  return quote.append(text.substr(0, quoted_bytes_max)).append("\"");
}

}  // namespace regstream::client
