#include "net/json_body.hpp"

#include <set>
#include <utility>
#include <vector>

#include "log/printable.hpp"
#include "net/letter_case.hpp"

namespace regstream::net {
namespace {

using Json = nlohmann::json;

/// Hears the parser's events, and stops it at the first problem. Keeps nothing but the names of the
/// objects that are open.
class Checker final : public nlohmann::json_sax<Json> {
 public:
  [[nodiscard]] std::optional<JsonBodyProblem> check(std::string_view text) {
    // The parser would take a NUL for the end; it is in no JSON text.
    const std::size_t nul = text.find('\0');
    if (Json::sax_parse(text, this) && nul != std::string_view::npos) {
      refuse_syntax(nul + 1);
    }
    return std::move(problem_);
  }

  bool null() override { return value(); }
  bool boolean(bool /*value*/) override { return value(); }
  bool number_integer(number_integer_t /*value*/) override { return value(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return value(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return value(); }
  bool string(string_t& /*text*/) override { return value(); }
  bool binary(binary_t& /*bytes*/) override { return value(); }

  bool start_object(std::size_t /*size*/) override { return open(); }
  bool start_array(std::size_t /*size*/) override { return value() && open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    return open_.back().insert(name).second ||
           refuse("The body has the member " + quote_value(name) + " twice");
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const Json::exception& error) override {
    // The parser's own text quotes the body.
    return dynamic_cast<const Json::out_of_range*>(&error) != nullptr
               ? refuse("The body has a number that is too large at byte " +
                        std::to_string(position))
               : refuse_syntax(position);
  }

 private:
  bool value() { return !open_.empty() || refuse("The body must be a JSON object"); }

  bool open() {
    if (open_.size() >= json_body_depth_max) {
      return refuse("The body is nested too deeply: at most " +
                    std::to_string(json_body_depth_max) + " levels");
    }
    open_.emplace_back();
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  bool refuse_syntax(std::size_t position) {
    return refuse("The body is not valid JSON: the error is at byte " + std::to_string(position));
  }

  bool refuse(std::string detail) {
    problem_ = {std::move(detail) + "."};
    return false;
  }

  std::vector<std::set<std::string>> open_;  // The names of each; an array has none.
  std::optional<JsonBodyProblem> problem_;
};

}  // namespace

bool has_json_body(const Request& request) {
  std::string_view type = request[boost::beast::http::field::content_type];
  type = type.substr(0, type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) {
    type.remove_suffix(1);
  }
  return equals_ignoring_case(type, "application/json");
}

std::optional<JsonBodyProblem> check_json_body(std::string_view body) {
  return Checker().check(body);
}

std::variant<Json, JsonBodyProblem> parse_json_body(std::string_view body) {
  if (auto problem = check_json_body(body)) {
    return *std::move(problem);
  }
  return Json::parse(body);
}

}  // namespace regstream::net
