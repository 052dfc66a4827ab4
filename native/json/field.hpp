#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "json/json_lines.hpp"

/// Strict reading of a JSON text: every mistake is reported with its line and its field.
namespace regstream::json_fields {

/// Thrown by a reader of fields when a value is wrong; `read_fields` catches it.
struct Refused {
  JsonProblem problem;
};

/// A value of a JSON text that knows its place. All functions throw `Refused`, except `member` and
/// the two that only ask.
class Field {
 public:
  /// Members are in the text's order.
  using Json = nlohmann::ordered_json;

  /// All three must outlive the field.
  Field(const Json& value, std::string name, const JsonLines& lines)
      : value_(&value), name_(std::move(name)), lines_(&lines) {}

  [[noreturn]] void fail(std::string what) const;

  [[nodiscard]] const Json& json() const { return *value_; }

  /// Refuses a value that is not an object, and unknown members.
  void expect_object(std::initializer_list<std::string_view> names) const;
  void expect_any_object() const;
  [[nodiscard]] std::optional<Field> member(std::string_view name) const;
  [[nodiscard]] Field required_member(std::string_view name) const;
  [[nodiscard]] std::vector<Field> elements() const;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_true() const { return value_->is_boolean() && value_->get<bool>(); }
  [[nodiscard]] bool is_false() const { return value_->is_boolean() && !value_->get<bool>(); }
  void expect_true() const;
  [[nodiscard]] std::size_t count(std::size_t least, std::size_t most) const;

 private:
  const Json* value_;
  std::string name_;
  const JsonLines* lines_;
};

/// Reads a whole text with `read_root`, which may throw `Refused`.
template <typename Result>
std::variant<Result, JsonProblem> read_fields(std::string_view text,
                                              Result (*read_root)(const Field&),
                                              const JsonLimits& limits = {}) {
  auto lines = read_json_lines(text, limits);
  if (auto* const problem = std::get_if<JsonProblem>(&lines)) {
    return std::move(*problem);
  }
  // The text was read before, so it is valid.
  const auto json = Field::Json::parse(text);
  try {
    return read_root(Field(json, {}, std::get<JsonLines>(lines)));
  } catch (Refused& refused) {
    return std::move(refused.problem);
  }
}

}  // namespace regstream::json_fields
