#include "json/field.hpp"

#include <algorithm>
#include <cstdint>

namespace regstream::json_fields {
namespace {

// "a, b and c"
std::string listed(std::initializer_list<std::string_view> names) {
  std::string text;
  std::size_t left = names.size();
  for (const std::string_view name : names) {
    --left;
    text.append(name).append(left > 1 ? ", " : left == 1 ? " and " : "");
  }
  return text;
}

}  // namespace

void Field::fail(std::string what) const {
  const auto line = lines_->find(name_);
  throw Refused{
      {.line = line == lines_->end() ? 1 : line->second, .field = name_, .what = std::move(what)}};
}

void Field::expect_object(std::initializer_list<std::string_view> names) const {
  expect_any_object();
  for (const auto& [name, value] : value_->items()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      Field(value, member_field(name_, name), *lines_)
          .fail("is not known here; known are " + listed(names));
    }
  }
}

void Field::expect_any_object() const {
  if (!value_->is_object()) {
    fail("must be an object");
  }
}

std::optional<Field> Field::member(std::string_view name) const {
  const auto found = value_->find(name);
  return found == value_->end() ? std::nullopt
                                : std::optional(Field(*found, member_field(name_, name), *lines_));
}

Field Field::required_member(std::string_view name) const {
  const auto found = member(name);
  if (!found) {
    const auto line = lines_->find(name_);
    throw Refused{{.line = line == lines_->end() ? 1 : line->second,
                   .field = member_field(name_, name),
                   .what = "is missing"}};
  }
  return *found;
}

std::vector<Field> Field::elements() const {
  if (!value_->is_array()) {
    fail("must be an array");
  }
  std::vector<Field> result;
  for (const Json& value : *value_) {
    result.emplace_back(value, element_field(name_, result.size()), *lines_);
  }
  return result;
}

std::string Field::text() const {
  if (!value_->is_string()) {
    fail("must be a string");
  }
  return value_->get<std::string>();
}

void Field::expect_true() const {
  if (!is_true()) {
    fail("must be true; leave it out otherwise");
  }
}

std::size_t Field::count(std::size_t least, std::size_t most) const {
  const bool is_count = value_->is_number_unsigned();
  const std::uint64_t number = is_count ? value_->get<std::uint64_t>() : 0;
  if (!is_count || number < least || number > most) {
    fail("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return static_cast<std::size_t>(number);
}

}  // namespace regstream::json_fields
