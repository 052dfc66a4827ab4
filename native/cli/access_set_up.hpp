#pragma once

#include "cli/serve_options.hpp"

namespace regstream::cli {

/// A gateway that other machines reach needs somebody's word for that (`net::find_exposure`).
/// Throws std::invalid_argument with one sentence where nobody has given it.
void check_exposure(const ServeOptions& options);

/// Whether only this machine reaches the gateway.
[[nodiscard]] bool is_local_only(const ServeOptions& options);

/// Says in the log that everybody may ask, where other machines can.
void warn_of_open_gateway(const ServeOptions& options);

}  // namespace regstream::cli
