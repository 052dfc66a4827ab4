#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <regstream/broker/publish_limits.hpp>

#include "net/problem.hpp"

namespace regstream::gateway {

/// Updates that one request may publish: they reach Redis as one batch, unless they are large.
inline constexpr std::size_t published_items_max = broker::PublishLimits{}.batch_updates_max;

/// Whether a body of JSON is an array, and so a request of several updates.
[[nodiscard]] bool is_array_body(std::string_view body);

/// The texts between the brackets and commas of an array, or why the body is none: 400, or 413
/// where there are more than `published_items_max`. Whether each text is JSON is not looked at.
/// They are views of `body`.
[[nodiscard]] std::variant<std::vector<std::string_view>, net::Problem> split_array(
    std::string_view body);

/// The same of the lines of a body of newline-delimited JSON. Lines without anything don't count.
[[nodiscard]] std::variant<std::vector<std::string_view>, net::Problem> split_lines(
    std::string_view body);

}  // namespace regstream::gateway
