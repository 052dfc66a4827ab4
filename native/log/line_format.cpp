#include "log/line_format.hpp"

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include "log/printable.hpp"

namespace regstream::logging {
namespace {

using Json = nlohmann::ordered_json;

// Texts are made printable in both formats, so that a search finds the same in both.
struct ToJson {
  Json operator()(std::string_view text) const { return printable(text); }
  Json operator()(std::int64_t number) const { return number; }
  Json operator()(double number) const { return number; }
};

struct ToText {
  std::string operator()(std::string_view text) const { return printable(text); }
  std::string operator()(std::int64_t number) const { return std::to_string(number); }
  std::string operator()(double number) const { return fmt::format("{}", number); }
};

}  // namespace

std::string pattern_of(Format format) {
  // The level and the time need no escapes.
  return format == Format::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})"
                                : "%Y-%m-%dT%H:%M:%S.%e%z %l %v";
}

std::string compose(Format format, std::string_view event, std::string_view message,
                    Fields fields) {
  if (format == Format::text) {
    std::string line = printable(message);
    for (const Field& field : fields) {
      line.append(line.empty() ? "" : " ").append(field.name).append("=");
      line.append(std::visit(ToText{}, field.value));
    }
    return line;
  }
  Json members;
  members["event"] = event;
  members["message"] = printable(message);
  for (const Field& field : fields) {
    members[std::string(field.name)] = std::visit(ToJson{}, field.value);
  }
  std::string object = members.dump(-1, ' ', false, Json::error_handler_t::replace);
  // The pattern adds the braces and its own members.
  return object.substr(1, object.size() - 2);
}

}  // namespace regstream::logging
