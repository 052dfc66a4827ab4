#include "vector_file.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>

#include "reference_parser.hpp"

namespace regstream::test {
namespace {

constexpr std::string_view fence = "```";

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + separator.size());
  }
}

int hex_value(char digit) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const std::size_t value = digits.find(digit);
  return value == std::string_view::npos ? -1 : static_cast<int>(value);
}

/// Returns the bytes that `text` means; nothing if it has an invalid escape.
std::optional<std::string> unescape(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      bytes += text[at];
      continue;
    }
    const char escape = ++at < text.size() ? text[at] : ' ';
    constexpr std::string_view letters = "nrt0\\";
    constexpr std::string_view meanings{"\n\r\t\0\\", 5};
    if (const std::size_t known = letters.find(escape); known != std::string_view::npos) {
      bytes += meanings[known];
      continue;
    }
    if (escape != 'x' || at + 2 >= text.size() || hex_value(text[at + 1]) < 0 ||
        hex_value(text[at + 2]) < 0) {
      return std::nullopt;
    }
    bytes += static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
    at += 2;
  }
  return bytes;
}

/// Reads one file line by line. A mistake throws.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  std::vector<ParserVector> read(std::string_view text) {
    if (reference_utf8(text) != text) {
      fail("not UTF-8");
    }
    std::vector<std::string_view> lines = split(text, "\n");
    if (!lines.back().empty()) {
      line_ = lines.size();
      fail("the last line has no end");
    }
    lines.pop_back();
    for (const std::string_view line : lines) {
      ++line_;
      read_line(line);
    }
    if (in_block_) {
      line_ = block_line_;
      fail("this block is not closed");
    }
    end_vector();
    if (vectors_.empty()) {
      fail("no vectors");
    }
    return std::move(vectors_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(file_ + ":" + std::to_string(line_) + ": " + what);
  }

  void read_line(std::string_view line) {
    for (std::string_view rest = line; !rest.empty(); rest.remove_prefix(1)) {
      if (hidden_size(rest) > 0) {
        fail("a control character, which nobody sees: write its escape");
      }
    }
    if (line.ends_with(' ')) {
      fail("a space at the line's end, which nobody sees: write \\x20");
    }
    if (in_block_) {
      line == fence ? end_block() : block_.push_back(line);
    } else if (line.starts_with("# ")) {
      if (line_ != 1) {
        fail("a second title");
      }
    } else if (line_ == 1) {
      fail("a vector file begins with its title: # Title");
    } else if (line.starts_with("## ")) {
      begin_vector(line.substr(3));
    } else if (line.starts_with('#')) {
      fail("a heading that is neither # nor ##");
    } else if (line.starts_with(fence)) {
      begin_block(line.substr(fence.size()));
    } else if (line.starts_with("- ")) {
      read_attribute(line.substr(2));
    } else if (!line.empty()) {
      has_prose_ = true;
    }
  }

  void begin_vector(std::string_view heading) {
    end_vector();
    if (!headings_.emplace(heading).second) {
      fail("a second vector of this name");
    }
    vectors_.emplace_back();
    vectors_.back().file = file_;
    vectors_.back().line = line_;
    vectors_.back().heading = heading;
    has_prose_ = false;
    attributes_.clear();
  }

  void end_vector() {
    if (vectors_.empty()) {
      return;
    }
    const ParserVector& vector = vectors_.back();
    if (!has_prose_) {
      line_ = vector.line;
      fail("this vector does not say why it is here");
    }
    if (vector.connections.empty() || vector.connections.back().log.empty()) {
      line_ = vector.line;
      fail("this vector needs a stream block and a log block behind it");
    }
  }

  void begin_block(std::string_view kind) {
    if (vectors_.empty()) {
      fail("a block before the first vector");
    }
    const std::vector<Connection>& connections = vectors_.back().connections;
    const bool wants_log = !connections.empty() && connections.back().log.empty();
    if (kind == "stream" ? wants_log : kind == "log" ? !wants_log : kind != "chromium") {
      fail("a block that does not belong here: " + std::string{kind});
    }
    if (kind == "chromium" && (wants_log || connections.empty() || has_chromium_)) {
      fail("a chromium block stands behind its connection's log, and once");
    }
    in_block_ = true;
    block_line_ = line_;
    block_kind_ = kind;
    block_.clear();
  }

  void end_block() {
    in_block_ = false;
    std::vector<Connection>& connections = vectors_.back().connections;
    if (block_kind_ == "stream") {
      connections.push_back({.stream = stream_of_block(), .log = {}});
      has_chromium_ = false;
      return;
    }
    if (block_.empty() || !block_.back().starts_with("left ")) {
      fail("a log ends with its line `left`");
    }
    if (block_kind_ == "chromium") {
      // The browser tests read what a browser does.
      has_chromium_ = true;
      return;
    }
    for (const std::string_view line : block_) {
      connections.back().log.append(line).append("\n");
    }
  }

  std::string stream_of_block() const {
    std::string stream;
    for (std::size_t index = 0; index < block_.size(); ++index) {
      const std::optional<std::string> bytes = unescape(block_[index]);
      if (!bytes) {
        fail_in_block(index, "not an escape; there are \\n \\r \\t \\0 \\\\ \\xHH");
      }
      const bool has_line_end = bytes->ends_with('\n') || bytes->ends_with('\r');
      if (!has_line_end && (bytes->empty() || index + 1 < block_.size())) {
        fail_in_block(index, "each line but the last ends with \\n, \\r or \\r\\n");
      }
      stream += *bytes;
    }
    return stream;
  }

  [[noreturn]] void fail_in_block(std::size_t index, const std::string& what) const {
    throw std::runtime_error(file_ + ":" + std::to_string(block_line_ + 1 + index) + ": " + what);
  }

  void read_attribute(std::string_view attribute) {
    if (vectors_.empty() || !vectors_.back().connections.empty()) {
      fail("an attribute stands between its vector's heading and the first block");
    }
    const std::size_t colon = attribute.find(": ");
    const std::string_view name = attribute.substr(0, colon);
    const std::string_view value =
        colon == std::string_view::npos ? std::string_view{} : attribute.substr(colon + 2);
    if (!attributes_.emplace(name).second) {
      fail("an attribute twice: " + std::string{name});
    }
    if (name == "limits") {
      read_limits(value);
    } else if (name == "last_event_id") {
      const std::optional<std::string> id = unescape(value);
      if (!id || id->empty()) {
        fail("not an id: " + std::string{value});
      }
      vectors_.back().last_event_id = *id;
    } else if (name != "EventSource" || !is_reason(value)) {
      fail("not an attribute: " + std::string{attribute});
    }
  }

  static bool is_reason(std::string_view value) {
    constexpr std::string_view not_asked = "not asked, because ";
    constexpr std::string_view events_only = "events only, because ";
    return (value.starts_with(not_asked) && value.size() > not_asked.size()) ||
           (value.starts_with(events_only) && value.size() > events_only.size());
  }

  void read_limits(std::string_view value) {
    ParserVector& vector = vectors_.back();
    for (const std::string_view part : split(value, ", ")) {
      const std::size_t space = part.find(' ');
      const std::string_view name = part.substr(0, space);
      std::size_t* const limit = name == "line_bytes_max"    ? &vector.limits.line_bytes_max
                                 : name == "event_bytes_max" ? &vector.limits.event_bytes_max
                                 : name == "id_bytes_max"    ? &vector.limits.id_bytes_max
                                                             : nullptr;
      const char* const end = part.data() + part.size();
      const char* const number = space == std::string_view::npos ? end : part.data() + space + 1;
      if (limit == nullptr || number == end || std::from_chars(number, end, *limit).ptr != end) {
        fail("not a limit: " + std::string{part});
      }
    }
  }

  std::string file_;
  std::size_t line_ = 0;
  std::vector<ParserVector> vectors_;
  std::set<std::string, std::less<>> headings_;

  // State of the last vector.
  bool has_prose_ = false;
  bool has_chromium_ = false;  ///< Its last connection has a chromium block.
  std::set<std::string, std::less<>> attributes_;

  bool in_block_ = false;
  std::size_t block_line_ = 0;
  std::string_view block_kind_;
  std::vector<std::string_view> block_;
};

}  // namespace

std::vector<ParserVector> parse_vectors(std::string_view text, const std::string& file) {
  return Reader{file}.read(text);
}

std::vector<ParserVector> read_vectors(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    if (entry.path().extension() == ".md" && entry.path().filename() != "README.md") {
      paths.push_back(entry.path());
    }
  }
  if (paths.empty()) {
    throw std::runtime_error(folder.string() + ": no vector files");
  }
  std::sort(paths.begin(), paths.end());
  std::vector<ParserVector> vectors;
  for (const std::filesystem::path& path : paths) {
    std::ifstream stream{path, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    std::vector<ParserVector> more = parse_vectors(text, path.filename().string());
    std::move(more.begin(), more.end(), std::back_inserter(vectors));
  }
  return vectors;
}

}  // namespace regstream::test
