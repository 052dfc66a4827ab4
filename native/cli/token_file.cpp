#include "cli/token_file.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <functional>
#include <string_view>
#include <utility>

#include "log/printable.hpp"

namespace regstream::cli {
namespace {

/// A token is sent in a header, and servers limit headers to 8 or 16 KiB.
constexpr std::size_t token_bytes_max = 16U << 10U;

client::NoToken no_token(const std::string& path, std::string_view problem) {
  return {.failure = TokenFailure::may_pass,
          .why = std::string("the token file ").append(quote_value(path)).append(problem)};
}

client::TokenAnswer read_token(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return no_token(path, std::string(" can't be read: ").append(std::strerror(errno)));
  }
  std::string text(token_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > token_bytes_max) {
    return no_token(path, " is larger than 16 KiB, so it can't hold just a token");
  }
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string::npos) {
    return no_token(path, " is empty");
  }
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

client::TokenSource token_from_file(std::string path) {
  return [path = std::move(path)](bool /*is_refused*/,
                                  const std::function<void(client::TokenAnswer)>& answer) {
    answer(read_token(path));
  };
}

}  // namespace regstream::cli
