#pragma once

#include <functional>
#include <string>
#include <vector>

#include "metrics/scrape.hpp"

namespace regstream::metrics {

/// The collectors behind `/metrics`. Each fact is counted where it happens, and read here when
/// someone asks: nothing is counted twice, and an answer costs the same however many streams there
/// are. Use it on one thread.
class Registry {
 public:
  using Collector = std::function<void(Scrape&)>;

  /// `collector` is called for each answer. What it reads must outlive the registry.
  void add(Collector collector);

  /// The body of an answer, in `content_type`.
  [[nodiscard]] std::string text() const;

  static constexpr const char* content_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  std::vector<Collector> collectors_;
};

}  // namespace regstream::metrics
