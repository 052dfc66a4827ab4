#include "message/json_reader.hpp"

#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

namespace regstream::json {
namespace {

/// Walks the text for nlohmann's parser, and tells its handler how far the parser has read: all
/// copies advance one shared position. At a bracket's event that position is right behind the
/// bracket, as the parser looks ahead only behind numbers. So `details` and `processLog` can be cut
/// out of the text exactly as they were sent.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator() = default;
  explicit CountingIterator(const char** position) : position_(position) {}
  explicit CountingIterator(const char* end) : end_(end) {}

  reference operator*() const { return **position_; }
  CountingIterator& operator++() {
    ++*position_;
    return *this;
  }
  bool operator==(const CountingIterator& end) const { return *position_ == end.end_; }

 private:
  const char** position_ = nullptr;
  const char* end_ = nullptr;
};

/// What to do with the outermost container.
struct Wanted {
  Kind container = Kind::object;
  std::span<const std::string_view> keys = {};
  std::span<Value> values = {};
  std::vector<std::string_view>* elements = nullptr;
  std::size_t elements_max = 0;
};

/// nlohmann's SAX interface. A handler that gives false stops the parser.
class Handler {
 public:
  Handler(const Wanted& wanted, std::size_t depth_max, const char* const& position)
      : wanted_(wanted), depth_max_(depth_max), position_(position) {}

  [[nodiscard]] const std::string& error() const { return error_; }

  // The names are nlohmann's.
  bool null() { return scalar({.kind = Kind::null}); }
  bool boolean(bool value) { return scalar({.kind = Kind::boolean, .boolean = value}); }
  bool number_integer(std::int64_t value) { return number(static_cast<double>(value)); }
  bool number_unsigned(std::uint64_t value) { return number(static_cast<double>(value)); }
  bool number_float(double value, const std::string& /*text*/) { return number(value); }
  bool string(std::string& value) {
    // The parser's buffer is taken away from it only where the string is wanted.
    return scalar(is_wanted() ? Value{.kind = Kind::string, .string = std::move(value)}
                              : Value{.kind = Kind::string});
  }
  bool binary(nlohmann::json::binary_t& /*value*/) { return false; }
  bool start_object(std::size_t /*elements*/) { return start(Kind::object); }
  bool end_object() { return end(Kind::object); }
  bool start_array(std::size_t /*elements*/) { return start(Kind::array); }
  bool end_array() { return end(Kind::array); }

  bool key(const std::string& name) {
    if (depth_ != 1) {
      return true;
    }
    wanted_index_ = npos;
    for (std::size_t index = 0; index < wanted_.keys.size(); ++index) {
      if (wanted_.keys[index] == name) {
        wanted_index_ = index;
        break;
      }
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*exception*/) {
    return fail("is not valid JSON: the error is at byte " + std::to_string(position));
  }

 private:
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  bool fail(std::string what) {
    error_ = std::move(what);
    return false;
  }

  bool wrong_container() {
    return fail(wanted_.container == Kind::object ? "must be a JSON object"
                                                  : "must be a JSON array");
  }

  bool element_is_no_object() { return fail("must have JSON objects as its elements"); }

  [[nodiscard]] bool is_wanted() const { return depth_ == 1 && wanted_index_ != npos; }

  bool number(double value) { return scalar({.kind = Kind::number, .number = value}); }

  bool scalar(Value&& value) {
    if (depth_ == 0) {
      return wrong_container();
    }
    if (depth_ == 1 && wanted_.elements != nullptr) {
      return element_is_no_object();
    }
    if (is_wanted()) {
      wanted_.values[wanted_index_] = std::move(value);
    }
    return true;
  }

  bool start(Kind kind) {
    if (depth_ == 0 && kind != wanted_.container) {
      return wrong_container();
    }
    if (depth_ == 1) {
      if (wanted_.elements != nullptr && kind != Kind::object) {
        return element_is_no_object();
      }
      nested_begin_ = position_ - 1;
    }
    ++depth_;
    return depth_ <= depth_max_ || fail("is nested too deeply: at most " +
                                        std::to_string(depth_max_) + " levels are accepted");
  }

  bool end(Kind kind) {
    --depth_;
    if (depth_ != 1) {
      return true;
    }
    const std::string_view raw{nested_begin_, static_cast<std::size_t>(position_ - nested_begin_)};
    if (wanted_.elements != nullptr) {
      if (wanted_.elements->size() == wanted_.elements_max) {
        return fail("has too many elements: at most " + std::to_string(wanted_.elements_max) +
                    " are accepted");
      }
      wanted_.elements->push_back(raw);
    } else if (is_wanted()) {
      wanted_.values[wanted_index_] = {.kind = kind, .raw = raw};
    }
    return true;
  }

  Wanted wanted_;
  std::size_t depth_max_;
  const char* const& position_;
  std::size_t depth_ = 0;
  std::size_t wanted_index_ = npos;  ///< Of the member being read.
  const char* nested_begin_ = nullptr;
  std::string error_;
};

std::optional<DecodeError> read(std::string_view subject, std::string_view json,
                                const Limits& limits, const Wanted& wanted) {
  const auto error = [subject](std::string_view predicate) {
    return DecodeError{std::string{subject}.append(" ").append(predicate)};
  };
  if (json.size() > limits.bytes_max) {
    return error("is too long: it has " + std::to_string(json.size()) + " bytes, and at most " +
                 std::to_string(limits.bytes_max) + " are accepted");
  }
  // nlohmann's parser skips a byte order mark, and takes a NUL for the end. Neither is JSON, and
  // neither may travel on inside an envelope.
  if (json.starts_with("\xEF\xBB\xBF")) {
    return error("is not valid JSON: it begins with a byte order mark");
  }
  if (const std::size_t nul = json.find('\0'); nul != std::string_view::npos) {
    return error("is not valid JSON: the error is at byte " + std::to_string(nul + 1));
  }
  const char* position = json.data();
  const char* const end = position + json.size();
  Handler handler{wanted, limits.depth_max, position};
  if (!nlohmann::json::sax_parse(CountingIterator{&position}, CountingIterator{end}, &handler)) {
    return error(handler.error());
  }
  return std::nullopt;
}

}  // namespace

std::optional<DecodeError> read_object(std::string_view subject, std::string_view json,
                                       const Limits& limits, std::span<const std::string_view> keys,
                                       std::span<Value> values) {
  return read(subject, json, limits, {.keys = keys, .values = values});
}

std::variant<std::vector<std::string_view>, DecodeError> read_array_of_objects(
    std::string_view subject, std::string_view json, const Limits& limits,
    std::size_t elements_max) {
  std::vector<std::string_view> elements;
  if (auto error =
          read(subject, json, limits,
               {.container = Kind::array, .elements = &elements, .elements_max = elements_max})) {
    return *std::move(error);
  }
  return elements;
}

}  // namespace regstream::json
