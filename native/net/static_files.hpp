#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "net/exchange.hpp"

namespace regstream::net {

/// A built single-page application, read into memory once. No request touches the disk, and none
/// can name a file that was not in the folder at the start.
class StaticFiles {
 public:
  /// A page has a few hundred kilobytes. This limit detects a wrong folder.
  static constexpr std::size_t bytes_max = 64U << 20U;

  /// Reads the folder, without links and hidden files. Throws std::runtime_error with one sentence
  /// if it is missing, has no index.html, or is over the limit.
  explicit StaticFiles(const std::filesystem::path& folder);

  /// Answers GET and HEAD. A path without a file extension is a page of the application, and gets
  /// index.html. Paths under /api/ and unknown files get 404.
  void respond(Exchange exchange) const;

 private:
  struct File {
    std::string content;
    std::string_view content_type;
    std::string entity_tag;
  };

  // The segments of a file's request path: "assets", "index-1a2b.js".
  using Name = std::vector<std::string>;

  void add(const std::filesystem::path& path, Name name);
  [[nodiscard]] const File* find(const Name& name) const;

  std::map<Name, File> files_;
  std::size_t bytes_ = 0;
};

}  // namespace regstream::net
