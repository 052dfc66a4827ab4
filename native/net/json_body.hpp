#pragma once

#include "net/exchange.hpp"

namespace regstream::net {

/// Whether the request says that its body is JSON. Parameters such as charset do not matter: JSON
/// is UTF-8 (RFC 8259, 8.1). A page of another site can't send this type without asking first
/// (Fetch, CORS preflight), and is refused then.
[[nodiscard]] bool has_json_body(const Request& request);

}  // namespace regstream::net
