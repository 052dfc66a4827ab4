#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A workflow's vocabulary: the names in its messages, and what they mean. It is data, so that one
/// gateway, one publisher and one client serve any workflow. docs/workflows.md describes the
/// declaration. The registration's workflow is built in (registration.hpp).
namespace regstream {

/// The kind of id that a workflow's instances have.
enum class IdKind : std::uint8_t {
  integer,  ///< 1 to 2^53 - 1, exact in JavaScript's numbers.
  text,     ///< See `is_text_id`.
};

/// The largest id that is a number: JavaScript reads JSON numbers as doubles.
inline constexpr std::int64_t integer_id_max = (std::int64_t{1} << 53) - 1;
inline constexpr std::size_t text_id_bytes_max = 128;

/// Whether `text` may be an id: 1 to 128 bytes of UTF-8 without control characters (Unicode's
/// category Cc), and not "*", which means every instance.
[[nodiscard]] bool is_text_id(std::string_view text);

/// Names one instance of a workflow: the number or the text, by the workflow's kind.
struct InstanceId {
  std::int64_t number = 0;
  std::string text = {};

  InstanceId() = default;
  InstanceId(std::int64_t id) : number(id) {}  // NOLINT(google-explicit-constructor): 42 is an id.
  explicit InstanceId(std::string id) : text(std::move(id)) {}

  friend bool operator==(const InstanceId&, const InstanceId&) = default;
};

/// Reads an id as written in URLs and tokens: decimal digits alone for a number. Nothing: it is not
/// an id of this kind.
[[nodiscard]] std::optional<InstanceId> parse_instance_id(std::string_view text, IdKind kind);

/// Describes an id, for the end of a sentence: "a number from 1 to 9007199254740991".
[[nodiscard]] std::string_view expected_instance_id(IdKind kind);

/// The order of ids in lists: by number, then by the bytes of the text.
[[nodiscard]] bool is_before(const InstanceId& left, const InstanceId& right);

/// What a status says about its instance.
enum class StatusKind : std::uint8_t {
  open,    ///< The instance goes on.
  final,   ///< The instance has ended.
  failed,  ///< The instance has ended and failed, and so have the stages that still ran.
};

struct WorkflowStatus {
  std::string name;  ///< As in messages.
  StatusKind kind = StatusKind::open;

  friend bool operator==(const WorkflowStatus&, const WorkflowStatus&) = default;
};

struct WorkflowStage {
  std::string name;   ///< As in messages.
  std::string title;  ///< For people.

  friend bool operator==(const WorkflowStage&, const WorkflowStage&) = default;
};

/// The content of a declaration. It must outlive everything that was made with it.
struct Workflow {
  std::string name;
  /// The member of messages that holds the instance's id, and the parameter of a stream's query.
  std::string id_member;
  IdKind id_kind = IdKind::integer;
  /// In order. Other statuses may appear; they are open.
  std::vector<WorkflowStatus> statuses;
  std::string stage_update_status;  ///< The open status that a stage update carries.
  /// In order. Other stages may appear.
  std::vector<WorkflowStage> stages;
  /// Whether the status of a stage update without `stageStatus` is inferred from its message
  /// (`infer_stage_status`). Otherwise such an update means that the stage has completed.
  bool infer_stage_status = false;
  std::string channel;      ///< Where its messages are published.
  std::string stream_path;  ///< The path of the event stream.
  /// Updates are posted here; `{id}` is the instance's id.
  std::string updates_path;

  /// Whether the instance has ended; a status that is not declared is open.
  [[nodiscard]] bool is_final(std::string_view status) const {
    return kind_of(status) != StatusKind::open;
  }
  [[nodiscard]] StatusKind kind_of(std::string_view status) const;
  [[nodiscard]] bool has_stage(std::string_view stage) const;

  friend bool operator==(const Workflow&, const Workflow&) = default;
};

}  // namespace regstream
