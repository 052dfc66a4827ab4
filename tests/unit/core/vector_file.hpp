#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/sse/parser.hpp>

#include "parser_log.hpp"

/// The vectors that every build of the parser shares: `tests/vectors`, whose README.md describes
/// their format.
namespace regstream::test {

struct ParserVector {
  std::string file;  ///< The file's name, without a folder.
  std::size_t line = 0;
  std::string heading;
  sse::ParserLimits limits;
  std::string last_event_id;  ///< The parser's last event id at the start.
  std::vector<Connection> connections;
};

/// Returns the vectors of one file. Throws a std::runtime_error that begins with `file:line: ` if
/// the text is not a vector file, or has no vectors.
[[nodiscard]] std::vector<ParserVector> parse_vectors(std::string_view text,
                                                      const std::string& file);

/// Returns the vectors of every `*.md` in `folder` except its README.md, in the order of the files'
/// names. Throws as `parse_vectors` does, and if there is no such file.
[[nodiscard]] std::vector<ParserVector> read_vectors(const std::filesystem::path& folder);

}  // namespace regstream::test
