#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "metrics/scrape.hpp"

namespace regstream::cli {

/// Reloads keys, certificates and the log's level on SIGHUP, while `serve` goes on. A part that
/// can't use what it reads keeps what it has, and the log says why. Use it on the loop's thread.
class Reload {
 public:
  /// Reloads a part. Returns nothing if that is in use from now on. Otherwise the part keeps what
  /// it had, and returns the reason: one sentence without secrets.
  using Part = std::function<std::optional<std::string>()>;

  /// From now on SIGHUP no longer ends the process.
  explicit Reload(boost::asio::io_context& context);

  /// `name` is a plural noun, such as "keys". It and what `part` uses must outlive this.
  void add(std::string_view name, Part part);

  /// Adds how often each part has failed to reload.
  void collect(metrics::Scrape& scrape) const;

 private:
  struct Entry {
    std::string_view name;
    Part part;
    std::uint64_t failures = 0;
  };

  void wait();
  void read_all();

  boost::asio::signal_set signals_;
  std::vector<Entry> parts_;
};

}  // namespace regstream::cli
