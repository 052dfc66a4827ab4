#include "cli/access_set_up.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "log/log.hpp"
#include "net/exposure.hpp"

namespace regstream::cli {
namespace {

std::optional<std::string> exposure_of(const ServeOptions& options) {
  return net::find_exposure(options.address, allowed_hosts_of(options));
}

}  // namespace

void check_exposure(const ServeOptions& options) {
  const auto exposure = exposure_of(options);
  if (exposure && !options.access.open) {
    throw std::invalid_argument(*exposure +
                                " lets other machines ask, and nothing says who may see what: give "
                                "--open to let everybody in, or listen on 127.0.0.1 only");
  }
}

bool is_local_only(const ServeOptions& options) {
  return !exposure_of(options);
}

void warn_of_open_gateway(const ServeOptions& options) {
  if (const auto exposure = exposure_of(options)) {
    logging::warn("open gateway",
                  "everybody who reaches this gateway may read all updates (--open, {})",
                  *exposure);
  }
}

}  // namespace regstream::cli
