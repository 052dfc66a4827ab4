#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <regstream/broker/publish_limits.hpp>

#include "net/problem.hpp"

namespace regstream::gateway {

/// How many updates one request may publish. They reach Redis as one batch, unless they are large.
inline constexpr std::size_t published_items_max = broker::PublishLimits{}.batch_updates_max;

/// Whether a JSON body is an array, and so holds several updates.
[[nodiscard]] bool is_array_body(std::string_view body);

/// The texts between the brackets and commas of an array, as views of `body`. Doesn't check that
/// each text is JSON. A problem if the body is not an array (400), or has more than
/// `published_items_max` elements (413).
[[nodiscard]] std::variant<std::vector<std::string_view>, net::Problem> split_array(
    std::string_view body);

/// The same for the lines of newline-delimited JSON. Empty lines don't count.
[[nodiscard]] std::variant<std::vector<std::string_view>, net::Problem> split_lines(
    std::string_view body);

}  // namespace regstream::gateway
