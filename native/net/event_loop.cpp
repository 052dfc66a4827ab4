#include "net/event_loop.hpp"

#include <exception>

#include "log/log.hpp"

namespace regstream::net {

namespace {

// If memory has run out, there may be none for a log line either.
void log_failure(const char* what) noexcept {
  try {
    logging::error("handler", "an operation failed, and what it served was closed: {}", what);
  } catch (...) {
    return;
  }
}

}  // namespace

void run(boost::asio::io_context& context) {
  for (;;) {
    try {
      context.run();
      return;
    } catch (const std::exception& error) {
      log_failure(error.what());
    } catch (...) {
      log_failure("an exception of an unknown type");
    }
  }
}

}  // namespace regstream::net
