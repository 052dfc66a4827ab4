#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "backend/record.hpp"

namespace regstream::backend {

/// What is wrong with a body: sentences for its author that name every wrong field.
struct InvalidApplication {
  std::string detail;
};

/// Reads the body of `POST /api/registrations`. Drops white space around values.
[[nodiscard]] std::variant<Application, InvalidApplication> parse_application(
    std::string_view body);

}  // namespace regstream::backend
