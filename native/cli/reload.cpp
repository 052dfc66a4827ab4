#include "cli/reload.hpp"

#include <csignal>
#include <cstdint>
#include <exception>
#include <utility>

#include "log/log.hpp"

namespace regstream::cli {
namespace {

std::optional<std::string> read(const Reload::Part& part) {
  try {
    return part();
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

Reload::Reload(boost::asio::io_context& context) : signals_(context, SIGHUP) {
  wait();
}

void Reload::add(std::string_view name, Part part) {
  parts_.push_back({.name = name, .part = std::move(part)});
}

void Reload::collect(metrics::Scrape& scrape) const {
  for (const Entry& entry : parts_) {
    scrape.add("regstream_reload_failures_total", entry.failures, {{"reason", entry.name}});
  }
}

void Reload::wait() {
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) {
      wait();  // First, so that the next signal is handled whatever fails here.
      read_all();
    }
  });
}

void Reload::read_all() {
  if (parts_.empty()) {
    logging::info("reload",
                  "SIGHUP: nothing to reload, because no option names a file that can be reloaded");
  }
  std::uint8_t kind = 0;
  for (Entry& entry : parts_) {
    ++kind;
    // Two conditions, so that a success after a failure is logged at once.
    if (const auto failure = read(entry.part)) {
      ++entry.failures;
      logging::error(logging::Condition("reload failed").of_kind(kind),
                     "can't reload the {}, so the old ones stay in use: {}", entry.name, *failure);
    } else {
      logging::info(logging::Condition("reload").of_kind(kind), "reloaded the {}", entry.name);
    }
  }
}

}  // namespace regstream::cli
