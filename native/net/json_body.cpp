#include "net/json_body.hpp"

#include <string>
#include <utility>

#include "json/json_fault.hpp"
#include "log/printable.hpp"
#include "net/letter_case.hpp"

namespace regstream::net {
namespace {

using Json = nlohmann::json;

using Kind = json_fields::JsonFault::Kind;

/// The parser's own message would quote the body.
std::string describe(const json_fields::JsonFault& fault) {
  switch (fault.kind) {
    case Kind::no_json:
      return "The body is not valid JSON: the error is at byte " + std::to_string(fault.position);
    case Kind::number_too_large:
      return "The body has a number that is too large at byte " + std::to_string(fault.position);
    case Kind::member_twice:
      return "The body has the member " + quote_value(fault.name) + " twice";
    case Kind::too_deep:
      return "The body is nested too deeply: at most " + std::to_string(json_body_depth_max) +
             " levels";
    case Kind::too_many_values:
      return "The body has too many values";
    case Kind::no_object:
      break;
  }
  return "The body must be a JSON object";
}

}  // namespace

bool has_json_body(const Request& request) {
  return has_body_of(request, "application/json");
}

bool has_body_of(const Request& request, std::string_view type) {
  std::string_view given = request[boost::beast::http::field::content_type];
  given = given.substr(0, given.find(';'));
  while (!given.empty() && (given.back() == ' ' || given.back() == '\t')) {
    given.remove_suffix(1);
  }
  return equals_ignoring_case(given, type);
}

std::optional<JsonBodyProblem> check_json_body(std::string_view body) {
  const auto fault = json_fields::find_json_fault(body, {.depth_max = json_body_depth_max});
  return fault ? std::optional(JsonBodyProblem{describe(*fault) + "."}) : std::nullopt;
}

std::variant<Json, JsonBodyProblem> parse_json_body(std::string_view body) {
  if (auto problem = check_json_body(body)) {
    return *std::move(problem);
  }
  return Json::parse(body);
}

}  // namespace regstream::net
