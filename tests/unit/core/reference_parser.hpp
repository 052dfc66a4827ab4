#pragma once

#include <string>
#include <string_view>

namespace regstream::test {

/// The log (see parser_log.hpp) of `stream` by the standards' own steps, one after the other and
/// without regard to speed: "UTF-8 decode" of the whole, splitting into lines, interpreting each.
[[nodiscard]] std::string reference_log(std::string_view stream);

/// The Encoding standard's "UTF-8 decoder", byte by byte as it is written there.
[[nodiscard]] std::string reference_utf8(std::string_view bytes);

}  // namespace regstream::test
