#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/client/header_field.hpp>

namespace regstream::client {

/// Whether a text can be a header field's value: no control characters but the tab (RFC 9110, 5.5).
[[nodiscard]] bool is_field_value(std::string_view text);

/// What is wrong with a method or a caller's header field, as a sentence without its full stop;
/// nothing if it is valid. Values may be secrets, so they are not quoted.
[[nodiscard]] std::optional<std::string> method_problem(std::string_view method);
[[nodiscard]] std::optional<std::string> header_problem(const HeaderField& field);

/// Whether a text can be sent as a token: it is not empty, and is a valid field value.
[[nodiscard]] bool is_sendable_token(std::string_view text);

/// Sets the token as the request's only `Authorization` (RFC 6750, 2.1).
void set_bearer(std::vector<HeaderField>& headers, std::string_view token);

/// Whether a field must not be sent to another origin, because it has credentials or names the
/// host.
[[nodiscard]] bool is_origin_bound(std::string_view field_name);

/// Whether a field describes the request's body, and so must be dropped with the body after a
/// redirect.
[[nodiscard]] bool describes_body(std::string_view field_name);

}  // namespace regstream::client
