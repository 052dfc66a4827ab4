#include <regstream/workflow/read_workflow.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

#include "json/field.hpp"
#include "log/printable.hpp"
#include "text/utf8.hpp"

namespace regstream {
namespace {

using json_fields::Field;

constexpr json_fields::JsonLimits json_limits{
    .bytes_max = declaration_bytes_max,
    .depth_max = 8,       // A declaration has 3 levels; `$schema` may be anything.
    .values_max = 1'000,  // The largest declaration has 590 values.
};
constexpr std::size_t name_bytes_max = 256;
constexpr std::size_t description_bytes_max = 1024;
constexpr std::size_t path_bytes_max = 256;
constexpr std::size_t elements_max = 64;
constexpr std::size_t member_shown_bytes_max = 200;
constexpr std::string_view id_segment = "{id}";

/// Members of messages, and parameters of a stream's query, that have another meaning.
constexpr std::array<std::string_view, 16> words_of_the_contract = {
    "status", "stage", "stageStatus", "message",  "details", "processLog",  "timestamp", "id",
    "type",   "data",  "stages",      "snapshot", "until",   "lastEventId", "poll",      "ticket"};

constexpr bool is_lower(char character) {
  return character >= 'a' && character <= 'z';
}
constexpr bool is_digit(char character) {
  return character >= '0' && character <= '9';
}
constexpr bool is_letter(char character) {
  return is_lower(character) || (character >= 'A' && character <= 'Z');
}

/// 1 to `bytes_max` characters of one kind, the first of a narrower kind.
template <typename First, typename Other>
bool is_word(std::string_view text, std::size_t bytes_max, First first, Other other) {
  return !text.empty() && text.size() <= bytes_max && first(text.front()) &&
         std::all_of(text.begin(), text.end(), other);
}

std::string read_name(const Field& field) {
  std::string name = field.text();
  if (name.empty() || name.size() > name_bytes_max || text::has_control_character(name)) {
    field.fail("must have 1 to 256 bytes and no control characters");
  }
  return name;
}

/// Titles and descriptions are for the page, which reads them by itself; here they are only
/// checked.
void check_texts(const Field& object) {
  if (const auto title = object.member("title")) {
    static_cast<void>(read_name(*title));
  }
  if (const auto description = object.member("description")) {
    if (description->text().size() > description_bytes_max) {
      description->fail("must have at most 1024 bytes");
    }
  }
}

std::string read_workflow_name(const Field& field) {
  std::string name = field.text();
  if (!is_word(name, 32, is_lower, [](char character) {
        return is_lower(character) || is_digit(character) || character == '-';
      })) {
    field.fail("must be 1 to 32 lower-case letters, digits and dashes, a letter first");
  }
  return name;
}

/// A word of a closed list; another type is refused like another word.
template <typename Meaning, std::size_t Count>
Meaning read_choice(const Field& field,
                    const std::array<std::pair<std::string_view, Meaning>, Count>& choices,
                    const char* expected) {
  const std::string word = field.json().is_string() ? field.text() : std::string{};
  for (const auto& [name, meaning] : choices) {
    if (word == name) {
      return meaning;
    }
  }
  field.fail(expected);
}

void read_id(const Field& id, Workflow& workflow) {
  id.expect_object({"member", "kind"});
  const Field member = id.required_member("member");
  workflow.id_member = member.text();
  const auto is_first = [](char character) { return is_letter(character) || character == '_'; };
  if (!is_word(workflow.id_member, 64, is_first,
               [is_first](char character) { return is_first(character) || is_digit(character); })) {
    member.fail("must be 1 to 64 letters, digits and underscores, no digit first");
  }
  if (std::find(words_of_the_contract.begin(), words_of_the_contract.end(), workflow.id_member) !=
      words_of_the_contract.end()) {
    member.fail("is a word of the contract; choose another");
  }
  using Choice = std::pair<std::string_view, IdKind>;
  workflow.id_kind =
      read_choice(id.required_member("kind"),
                  std::array{Choice{"integer", IdKind::integer}, Choice{"text", IdKind::text}},
                  "must be integer or text");
}

/// Refuses a name that an earlier element has, at its second place.
template <typename Element>
void expect_new(const Field& field, const std::vector<Element>& earlier, std::string_view name) {
  if (std::any_of(earlier.begin(), earlier.end(),
                  [name](const Element& known) { return known.name == name; })) {
    field.fail("is declared twice");
  }
}

void read_statuses(const Field& statuses, Workflow& workflow) {
  const std::vector<Field> elements = statuses.elements();
  if (elements.empty() || elements.size() > elements_max) {
    statuses.fail("must have 1 to 64 elements");
  }
  using Choice = std::pair<std::string_view, StatusKind>;
  bool has_open = false;
  bool has_end = false;
  for (const Field& element : elements) {
    element.expect_object({"name", "kind", "title", "description"});
    const Field name = element.required_member("name");
    WorkflowStatus status{.name = read_name(name)};
    expect_new(name, workflow.statuses, status.name);
    status.kind =
        read_choice(element.required_member("kind"),
                    std::array{Choice{"open", StatusKind::open}, Choice{"final", StatusKind::final},
                               Choice{"failed", StatusKind::failed}},
                    "must be open, final or failed");
    check_texts(element);
    (status.kind == StatusKind::open ? has_open : has_end) = true;
    workflow.statuses.push_back(std::move(status));
  }
  if (!has_open) {
    statuses.fail("must have at least one open status");
  }
  if (!has_end) {
    statuses.fail("must have at least one final or failed status");
  }
}

void read_stage_update_status(const Field& field, Workflow& workflow) {
  workflow.stage_update_status = field.text();
  if (std::none_of(workflow.statuses.begin(), workflow.statuses.end(),
                   [&workflow](const WorkflowStatus& status) {
                     return status.name == workflow.stage_update_status &&
                            status.kind == StatusKind::open;
                   })) {
    field.fail("must be one of the statuses whose kind is open");
  }
}

void read_stages(const Field& stages, Workflow& workflow) {
  const std::vector<Field> elements = stages.elements();
  if (elements.size() > elements_max) {
    stages.fail("must have at most 64 elements");
  }
  for (const Field& element : elements) {
    element.expect_object({"name", "title", "description"});
    const Field name = element.required_member("name");
    WorkflowStage stage{.name = read_name(name), .title = {}};
    expect_new(name, workflow.stages, stage.name);
    stage.title = read_name(element.required_member("title"));
    check_texts(element);
    workflow.stages.push_back(std::move(stage));
  }
}

bool read_infer_stage_status(const Field& field) {
  if (!field.json().is_boolean()) {
    field.fail("must be true or false");
  }
  return field.is_true();
}

std::string read_channel(const Field& field) {
  std::string channel = field.text();
  const auto is_allowed = [](char character) {
    return character > ' ' && character < '\x7F' && character != '{' && character != '}' &&
           character != '*';
  };
  if (!is_word(channel, 128, is_allowed, is_allowed)) {
    field.fail("must be 1 to 128 visible ASCII characters other than {, } and *");
  }
  return channel;
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t slash = 0; slash < path.size();) {
    const std::size_t next = std::min(path.find('/', slash + 1), path.size());
    segments.push_back(path.substr(slash + 1, next - slash - 1));
    slash = next;
  }
  return segments;
}

/// A segment of characters that need no escape (RFC 3986, 3.3: pchar). Escapes are refused, so two
/// paths are equal only if they look equal.
bool is_of_path_characters(std::string_view segment) {
  return std::all_of(segment.begin(), segment.end(), [](char character) {
    return is_letter(character) || is_digit(character) ||
           std::string_view{"-._~!$&'()*+,;=:@"}.find(character) != std::string_view::npos;
  });
}

struct Path {
  std::string text;
  std::ptrdiff_t ids = 0;  ///< Segments that are placeholders of an id.
};

Path read_path(const Field& field) {
  Path path{.text = field.text()};
  const std::vector<std::string_view> segments =
      path.text.starts_with('/') ? segments_of(path.text) : std::vector<std::string_view>{};
  if (path.text.size() < 2 || path.text.size() > path_bytes_max || segments.empty() ||
      !std::all_of(segments.begin(), segments.end(), [](std::string_view segment) {
        return segment == id_segment || is_of_path_characters(segment);
      })) {
    field.fail(
        "must be 2 to 256 characters of a URL path that begins with /, without a query or %");
  }
  // Browsers and proxies change such a path.
  if (std::any_of(segments.begin(), segments.end(), [](std::string_view segment) {
        return segment.empty() || segment == "." || segment == "..";
      })) {
    field.fail("must have no segment that is empty, . or ..");
  }
  path.ids = std::count(segments.begin(), segments.end(), id_segment);
  return path;
}

void read_paths(const Field& paths, Workflow& workflow) {
  paths.expect_object({"stream", "updates"});
  const Field stream = paths.required_member("stream");
  Path stream_path = read_path(stream);
  if (stream_path.ids != 0) {
    stream.fail("must have no segment {id}");
  }
  const Field updates = paths.required_member("updates");
  Path updates_path = read_path(updates);
  if (updates_path.ids != 1) {
    updates.fail("must have exactly one segment {id}");
  }
  workflow.stream_path = std::move(stream_path.text);
  workflow.updates_path = std::move(updates_path.text);
}

Workflow read_root(const Field& root) {
  root.expect_object({"$schema", "name", "id", "statuses", "stageUpdateStatus", "stages",
                      "inferStageStatus", "channel", "paths"});
  Workflow workflow;
  workflow.name = read_workflow_name(root.required_member("name"));
  read_id(root.required_member("id"), workflow);
  read_statuses(root.required_member("statuses"), workflow);
  read_stage_update_status(root.required_member("stageUpdateStatus"), workflow);
  read_stages(root.required_member("stages"), workflow);
  workflow.infer_stage_status = read_infer_stage_status(root.required_member("inferStageStatus"));
  workflow.channel = read_channel(root.required_member("channel"));
  read_paths(root.required_member("paths"), workflow);
  return workflow;
}

/// What is wrong with the bytes, before they are parsed.
std::optional<WorkflowProblem> check_bytes(std::string_view bytes) {
  if (bytes.size() > declaration_bytes_max) {
    return WorkflowProblem{.line = 1, .member = {}, .what = "is longer than 65536 bytes"};
  }
  std::size_t line = 1;
  for (std::string_view rest = bytes; !rest.empty(); ++line) {
    const std::string_view text = rest.substr(0, rest.find('\n'));
    if (!text::is_valid_utf8(text)) {
      return WorkflowProblem{.line = line, .member = {}, .what = "is no valid UTF-8"};
    }
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
  }
  if (bytes.starts_with("\xEF\xBB\xBF")) {
    return WorkflowProblem{
        .line = 1, .member = {}, .what = "must not begin with a byte order mark"};
  }
  return std::nullopt;
}

}  // namespace

std::string describe(const WorkflowProblem& problem, std::string_view file) {
  std::string text = printable(file);
  if (problem.line != 0) {
    text.append(":").append(std::to_string(problem.line));
  }
  if (!problem.member.empty()) {
    text.append(": ").append(printable(problem.member, member_shown_bytes_max));
  }
  return text.append(": ").append(problem.what);
}

std::variant<Workflow, WorkflowProblem> read_workflow(std::string_view text) {
  if (auto problem = check_bytes(text)) {
    return *std::move(problem);
  }
  auto result = json_fields::read_fields<Workflow>(text, read_root, json_limits);
  if (auto* const problem = std::get_if<json_fields::JsonProblem>(&result)) {
    if (problem->is_syntax) {
      return WorkflowProblem{.line = problem->line, .member = {}, .what = "is no valid JSON"};
    }
    return WorkflowProblem{.line = problem->line,
                           .member = std::move(problem->field),
                           .what = std::move(problem->what)};
  }
  return std::get<Workflow>(std::move(result));
}

std::variant<Workflow, WorkflowProblem> read_workflow_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return WorkflowProblem{
        .line = 0, .member = {}, .what = std::string{"can't be read: "} + std::strerror(errno)};
  }
  // One byte more than a declaration may have, so that the reader notices a longer one.
  std::string text(declaration_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) {
    return WorkflowProblem{.line = 0, .member = {}, .what = "can't be read: it is no file"};
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return read_workflow(text);
}

}  // namespace regstream
