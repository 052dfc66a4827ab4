#include "json/json_fault.hpp"

#include <set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace regstream::json_fields {
namespace {

using Json = nlohmann::json;
using Kind = JsonFault::Kind;

/// Gets the parser's events, and stops it at the first fault.
class Checker final : public nlohmann::json_sax<Json> {
 public:
  explicit Checker(JsonBounds bounds) : bounds_(bounds) {}

  [[nodiscard]] std::optional<JsonFault> check(std::string_view text) {
    // The parser would read a NUL as the end, but no JSON text has one.
    const std::size_t nul = text.find('\0');
    if (Json::sax_parse(text, this) && nul != std::string_view::npos) {
      refuse({.kind = Kind::no_json, .position = nul + 1});
    }
    return std::move(fault_);
  }

  bool null() override { return value(); }
  bool boolean(bool /*value*/) override { return value(); }
  bool number_integer(number_integer_t /*value*/) override { return value(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return value(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return value(); }
  bool string(string_t& /*text*/) override { return value(); }
  bool binary(binary_t& /*bytes*/) override { return value(); }

  bool start_object(std::size_t /*size*/) override { return count() && open(); }
  bool start_array(std::size_t /*size*/) override { return value() && open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    return open_.back().insert(name).second || refuse({.kind = Kind::member_twice, .name = name});
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const Json::exception& error) override {
    const bool is_number = dynamic_cast<const Json::out_of_range*>(&error) != nullptr;
    return refuse(
        {.kind = is_number ? Kind::number_too_large : Kind::no_json, .position = position});
  }

 private:
  bool value() { return open_.empty() ? refuse({.kind = Kind::no_object}) : count(); }

  bool count() {
    return ++values_ <= bounds_.values_max || refuse({.kind = Kind::too_many_values});
  }

  bool open() {
    if (open_.size() >= bounds_.depth_max) {
      return refuse({.kind = Kind::too_deep});
    }
    open_.emplace_back();
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  bool refuse(JsonFault fault) {
    fault_ = std::move(fault);
    return false;
  }

  const JsonBounds bounds_;
  std::vector<std::set<std::string>> open_;  // The names in each open object; none for an array.
  std::size_t values_ = 0;
  std::optional<JsonFault> fault_;
};

}  // namespace

std::optional<JsonFault> find_json_fault(std::string_view text, JsonBounds bounds) {
  return Checker(bounds).check(text);
}

}  // namespace regstream::json_fields
