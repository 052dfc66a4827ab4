#include "json/json_lines.hpp"

#include <cstdint>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace regstream::json_fields {

namespace {

using Json = nlohmann::json;

// How far the parser has read. After a number it reads one more character.
struct Progress {
  std::size_t line = 1;
  bool is_after_line_end = false;
};

// Counts lines while the parser reads. The parser copies it, hence the pointer.
class CountingIterator {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the standard library's names.
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  // NOLINTEND(readability-identifier-naming)

  CountingIterator(const char* at, Progress& progress) : at_(at), progress_(&progress) {}

  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    progress_->is_after_line_end = *at_ == '\n';
    progress_->line += progress_->is_after_line_end ? 1 : 0;
    ++at_;
    return *this;
  }
  friend bool operator==(const CountingIterator& left, const CountingIterator& right) {
    return left.at_ == right.at_;
  }
  friend bool operator!=(const CountingIterator& left, const CountingIterator& right) {
    return !(left == right);
  }

 private:
  const char* at_;
  Progress* progress_;
};

// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while …" → the
// part after the position, because the message begins with the position anyway.
std::string without_prefix(std::string_view what) {
  const std::size_t position = what.find("parse error at");
  const std::size_t colon =
      position == std::string_view::npos ? position : what.find(": ", position);
  if (colon != std::string_view::npos) {
    return std::string(what.substr(colon + 2));
  }
  const std::size_t bracket = what.find("] ");
  return std::string(bracket == std::string_view::npos ? what : what.substr(bracket + 2));
}

class LineReader final : public nlohmann::json_sax<Json> {
 public:
  LineReader(const Progress& progress, const JsonLimits& limits)
      : progress_(progress), limits_(limits) {}

  [[nodiscard]] std::variant<JsonLines, JsonProblem> result() && {
    if (problem_) {
      return *std::move(problem_);
    }
    return std::move(lines_);
  }

  bool null() override { return value(line()); }
  bool boolean(bool /*value*/) override { return value(line()); }
  bool number_integer(number_integer_t /*value*/) override { return value(last_line()); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return value(last_line()); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
    return value(last_line());
  }
  bool string(string_t& /*text*/) override { return value(line()); }
  bool binary(binary_t& /*bytes*/) override { return value(line()); }

  bool start_object(std::size_t /*size*/) override { return open(false); }
  bool start_array(std::size_t /*size*/) override { return open(true); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Container& object = open_.back();
    object.at = name;
    return object.names.insert(name).second || fail(line(), field(), "is given twice");
  }

  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const Json::exception& error) override {
    fail(last_line(), open_.empty() ? std::string() : field(),
         "is no valid JSON: " + without_prefix(error.what()));
    problem_->is_syntax = true;
    return false;
  }

 private:
  struct Container {
    std::string field;
    bool is_array = false;
    std::size_t index = 0;
    std::string at;  // The last key.
    std::set<std::string> names;
  };

  [[nodiscard]] std::size_t line() const { return progress_.line; }
  // The line of the last byte.
  [[nodiscard]] std::size_t last_line() const {
    return progress_.line - (progress_.is_after_line_end ? 1 : 0);
  }

  [[nodiscard]] std::string field() const {
    if (open_.empty()) {
      return {};
    }
    const Container& container = open_.back();
    return container.is_array ? element_field(container.field, container.index)
                              : member_field(container.field, container.at);
  }

  bool value(std::size_t line) {
    if (lines_.size() >= limits_.values_max) {
      return fail(line, field(), "is one value more than " + std::to_string(limits_.values_max));
    }
    std::string place = field();
    fields_bytes_ += place.size();
    if (fields_bytes_ > limits_.fields_bytes_max) {
      return fail(line, {},
                  "has values whose names together are longer than " +
                      std::to_string(limits_.fields_bytes_max) + " bytes");
    }
    lines_.emplace(std::move(place), line);
    if (!open_.empty() && open_.back().is_array) {
      ++open_.back().index;
    }
    return true;
  }

  bool open(bool is_array) {
    if (open_.size() >= limits_.depth_max) {
      return fail(line(), field(),
                  "is nested deeper than " + std::to_string(limits_.depth_max) + " levels");
    }
    Container inner{.field = field(), .is_array = is_array, .index = 0, .at = {}, .names = {}};
    if (!value(line())) {
      return false;
    }
    open_.push_back(std::move(inner));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  bool fail(std::size_t line, std::string field, std::string what) {
    problem_ = {.line = line, .field = std::move(field), .what = std::move(what)};
    return false;
  }

  const Progress& progress_;
  const JsonLimits& limits_;
  JsonLines lines_;
  std::size_t fields_bytes_ = 0;
  std::optional<JsonProblem> problem_;
  std::vector<Container> open_;
};

}  // namespace

std::variant<JsonLines, JsonProblem> read_json_lines(std::string_view text,
                                                     const JsonLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return JsonProblem{.line = 1,
                       .field = {},
                       .what = "is longer than " + std::to_string(limits.bytes_max) + " bytes"};
  }
  Progress progress;
  LineReader reader(progress, limits);
  Json::sax_parse(CountingIterator(text.data(), progress),
                  CountingIterator(text.data() + text.size(), progress), &reader);
  return std::move(reader).result();
}

std::string member_field(std::string_view object, std::string_view name) {
  std::string field(object);
  return field.append(object.empty() ? "" : ".").append(name);
}

std::string element_field(std::string_view array, std::size_t index) {
  return std::string(array) + "[" + std::to_string(index) + "]";
}

}  // namespace regstream::json_fields
