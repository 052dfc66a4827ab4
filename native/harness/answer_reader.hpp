#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "harness/scenario.hpp"
#include "json/field.hpp"

/// Reads answers from a scenario or a command. All functions throw `Refused`.
namespace regstream::harness {

using json_fields::Field;

/// A token of RFC 9110, 5.6.2: a method, or a header field's name.
[[nodiscard]] bool is_token(std::string_view text);

[[nodiscard]] std::vector<HeaderField> read_headers(const Field& headers);

/// Reads the members of an answer from an object that may have others.
[[nodiscard]] Answer read_answer_members(const Field& answer);
[[nodiscard]] std::variant<Answer, Refusal> read_answer(const Field& answer);

}  // namespace regstream::harness
