#include "broker/passing_error.hpp"

#include <algorithm>
#include <array>

namespace regstream::broker {
namespace {

constexpr std::string_view script_failed = "ERR Error running script";
constexpr std::string_view inner_error = ": -";
constexpr std::array<std::string_view, 2> script_lacks_rights{
    "ERR The user executing the script ",  // Redis 7.0
    "ERR ACL failure in script: "};        // From 7.2 on

}  // namespace

std::string_view reply_code(std::string_view reply) {
  if (std::any_of(script_lacks_rights.begin(), script_lacks_rights.end(),
                  [reply](std::string_view text) { return reply.starts_with(text); })) {
    return "NOPERM";
  }
  if (reply.starts_with(script_failed)) {
    const auto inner = reply.rfind(inner_error);
    if (inner != std::string_view::npos) {
      reply.remove_prefix(inner + inner_error.size());
    }
  }
  constexpr std::size_t code_bytes_max = 20;
  const auto code = reply.substr(0, reply.find(' '));
  const bool is_code =
      code.size() <= code_bytes_max &&
      std::all_of(code.begin(), code.end(), [](char byte) { return byte >= 'A' && byte <= 'Z'; });
  return is_code ? code : std::string_view{};
}

const PassingError* find_passing_error(std::string_view reply) {
  const auto code = reply_code(reply);
  const auto errors = passing_errors();
  const auto found = std::find_if(errors.begin(), errors.end(),
                                  [code](const PassingError& error) { return error.code == code; });
  return found == errors.end() ? nullptr : &*found;
}

}  // namespace regstream::broker
