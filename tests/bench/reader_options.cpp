#include "reader_options.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace {

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || rest != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

ReaderOptions read_reader_options(const std::vector<std::string>& arguments) {
  const auto port = arguments.empty() ? std::nullopt : read_number(arguments[0]);
  const auto count = arguments.size() < 2 ? std::nullopt : read_number(arguments[1]);
  if (!port || *port == 0 || *port > UINT16_MAX || !count || *count == 0) {
    throw std::runtime_error("usage: stream_readers PORT COUNT [NAME=VALUE...]");
  }
  ReaderOptions options{.port = static_cast<std::uint16_t>(*port), .count = *count};
  for (std::size_t index = 2; index < arguments.size(); ++index) {
    const std::string& argument = arguments[index];
    const std::size_t end = std::min(argument.find('='), argument.size());
    const std::string name = argument.substr(0, end);
    const std::string value = argument.substr(std::min(end + 1, argument.size()));
    if (name == "query") {
      options.query = value;
    } else if (argument == "scheme=https") {
      options.speaks_tls = true;
    } else if (name == "tokens") {
      options.tokens = read_lines(value);
      if (options.tokens.size() < *count) {
        throw std::runtime_error("not a token for each stream: " + value);
      }
    } else if (name == "opening" && read_number(value).value_or(0) > 0) {
      options.opening_max = *read_number(value);
    } else if (argument == "connected=head") {
      options.is_connected_by_head = true;
    } else {
      throw std::runtime_error("no option: " + argument);
    }
  }
  return options;
}
