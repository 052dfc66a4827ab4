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

/// What SIGHUP reads anew while `serve` goes on: keys, certificates and the log's level. A part
/// that can't use what it reads keeps what it has, and the log says why. On the loop's thread.
class Reload {
 public:
  /// Reads its part anew. Nothing: it is in use from now on. Otherwise it keeps what it had, for
  /// this reason: one sentence, without anything that is secret.
  using Part = std::function<std::optional<std::string>()>;

  /// From now on SIGHUP ends the process no longer.
  explicit Reload(boost::asio::io_context& context);

  /// `name` says what is read, in the plural: "keys". It and what `part` uses must outlive this.
  void add(std::string_view name, Part part);

  /// Adds how often each part has kept what it had.
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
