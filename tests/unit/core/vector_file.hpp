#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/sse/parser.hpp>

#include "parser_log.hpp"

/// The vectors that every build of the parser shares: `tests/vectors`, whose README.md tells their
/// format.
namespace regstream::test {

struct ParserVector {
  std::string file;  ///< Its name, without a folder.
  std::size_t line = 0;
  std::string heading;
  sse::ParserLimits limits;
  std::string last_event_id;  ///< What the parser starts from.
  std::vector<Connection> connections;
};

/// The vectors of one file. Throws a std::runtime_error that begins with `file:line: ` where the
/// text is no vector file, or has no vectors.
[[nodiscard]] std::vector<ParserVector> parse_vectors(std::string_view text,
                                                      const std::string& file);

/// The vectors of every `*.md` in `folder` but its README.md, the files in the order of their
/// names. Throws as `parse_vectors` does, and where there is no such file.
[[nodiscard]] std::vector<ParserVector> read_vectors(const std::filesystem::path& folder);

}  // namespace regstream::test
