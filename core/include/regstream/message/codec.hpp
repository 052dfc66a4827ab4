#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <regstream/message/drop_reason.hpp>
#include <regstream/message/update.hpp>
#include <regstream/registration/view.hpp>
#include <regstream/time.hpp>
#include <regstream/workflow/workflow.hpp>

/// JSON in and out: messages on the channel, and the envelopes of the event stream. A workflow
/// names the member with the id, and says what it holds; functions without a workflow use the
/// registration's.
namespace regstream {

/// Why a message could not be read. `what` is a sentence for the publisher's author that names the
/// field and the expectation. It quotes nothing of the message, which may hold personal data.
struct DecodeError {
  std::string what;
  DropReason reason = DropReason::not_json;
  std::int64_t registration_id = 0;  ///< The id that the update names; 0 if unknown.
};

struct CodecLimits {
  std::size_t message_bytes_max =
      1U << 20U;  ///< An update has kilobytes; more than a megabyte is a mistake.
  /// Bounds the recursion of the next program that parses the message; at most 128.
  std::size_t depth_max = 64;
  /// The longest status or stage; views keep one of each stage.
  std::size_t name_bytes_max = 256;
  /// The largest event of the stream, with its snapshot: the longest line that the event stream
  /// parser accepts.
  std::size_t stream_message_bytes_max = 4U << 20U;
};

/// A string as written between its quotes in a JSON text.
struct JsonString {
  std::string_view raw;
  bool has_escapes = false;

  [[nodiscard]] bool empty() const { return raw.empty(); }
  /// Returns the string's text. A lone surrogate, which only an escape can produce, becomes U+FFFD.
  [[nodiscard]] std::string text() const;
};

/// A JSON text inside a message: a view into it, or a copy if it was sent as a string.
struct JsonText {
  std::string_view sent;
  std::string copy;

  [[nodiscard]] bool empty() const { return view().empty(); }
  [[nodiscard]] std::string_view view() const { return copy.empty() ? sent : copy; }
};

/// A message of the channel as views into its JSON text. Known members are not copied; the views
/// are valid as long as that text is.
struct UpdateSlices {
  std::int64_t registration_id = 0;  ///< 0 if the workflow's ids are text;
  JsonString text_id;                ///< empty if they are numbers.
  JsonString status;
  JsonString stage;  ///< Empty in a status update.
  /// The status of `stage`; inferred from `message` if the publisher sent none, or an unknown word.
  StageStatus stage_status = StageStatus::completed;
  JsonString stage_status_word;  ///< As sent, if it is an unknown word.
  JsonString message;
  JsonText details;      ///< An object, or empty.
  JsonText process_log;  ///< An array, or empty.
  std::int64_t timestamp_ms = 0;
  std::optional<EventId> id;
  /// JSON text of an object with the members not listed above, or empty.
  std::string unknown;
  /// How many members of the contract are among the unknown ones because they have another type.
  std::uint32_t mistyped = 0;
  std::string_view mistyped_name;      ///< One of them,
  std::string_view mistyped_expected;  ///< and the expected type.
};

/// Reads a message of the channel, whose text comes from `MessageText`. Two members are required:
/// the workflow's id (`registrationId`) and `status`. An id that is a number is from 1 to 2^53 - 1,
/// and may be sent as text: "42" is 42, and so is 42.0. An id that is text (`is_text_id`) must be
/// sent as text. `null` counts as absent, and if a key occurs twice the last value counts.
///
/// No optional member can make the update invalid, whatever its type. Values that publishers in
/// other languages send count as what they mean:
/// - A number as `message` counts as its text.
/// - `details` may be a string that is the JSON text of an object, and `processLog` one of an
///   array. `[]` as details and `{}` as a process log (PHP's empty array) are empty.
/// - A `timestamp` may be ISO 8601 with a zone, or digits in a string; an absent one is 0, and
///   fractions of a millisecond are dropped.
/// - An unknown `stageStatus` is kept; the stage's status is then inferred from the message if the
///   workflow infers it, and is `completed` otherwise. An `id` that is not an event id is an
///   unknown member.
///
/// Any other value of another type is an unknown member, and is counted as `mistyped`.
///
/// Errors: invalid JSON, several JSON values (such as two lines of JSON), an array, a number that
/// no double can hold (1e999), anything over a limit, and invalid UTF-8. A lone surrogate is not an
/// error.
[[nodiscard]] std::variant<UpdateSlices, DecodeError> decode_update_slices(
    std::string_view json, const Workflow& workflow, const CodecLimits& limits = {});
[[nodiscard]] std::variant<UpdateSlices, DecodeError> decode_update_slices(
    std::string_view json, const CodecLimits& limits = {});

/// The same, with everything copied out of the text.
[[nodiscard]] std::variant<Update, DecodeError> decode_update(std::string_view json,
                                                              const Workflow& workflow,
                                                              const CodecLimits& limits = {});
[[nodiscard]] std::variant<Update, DecodeError> decode_update(std::string_view json,
                                                              const CodecLimits& limits = {});
[[nodiscard]] Update to_update(const UpdateSlices& slices);

/// Returns the message of the channel for `update`; `stageStatus` accompanies a stage. `details`,
/// `process_log` and the members of `unknown` are copied as they are, and must be JSON.
[[nodiscard]] std::string encode_update(const Update& update, const Workflow& workflow);
[[nodiscard]] std::string encode_update(const Update& update);

/// The types of the stream's messages: `{"type":…,"data":…,"timestamp":…}`.
enum class StreamMessageType : std::uint8_t {
  connected,
  update,
  snapshot,
  reset,
  end,
  ping,
  token_expiring,
  other,
};

struct StreamMessage {
  StreamMessageType type = StreamMessageType::other;
  std::string_view data;  ///< JSON text of the `data` object inside the input, or empty.
  std::optional<std::int64_t> timestamp_ms;
  UpdateSlices update;            ///< The content of `data`, in an update.
  std::optional<EventId> end_id;  ///< In an end: the final update's id.
  /// In a `token_expiring`: how long the stream's token is still valid; 0 if the message doesn't
  /// say.
  Duration expires_in{};
};

/// Reads one event's data in one pass, with its keys in any order. `data` must be an object in an
/// update and a snapshot; in a message of another type it may be anything, and is kept if it is an
/// object. An end has an update's id as its `id`.
[[nodiscard]] std::variant<StreamMessage, DecodeError> decode_stream_message(
    std::string_view json, const Workflow& workflow, const CodecLimits& limits = {});
[[nodiscard]] std::variant<StreamMessage, DecodeError> decode_stream_message(
    std::string_view json, const CodecLimits& limits = {});
/// The same into `message`, so that a caller can reuse one. After an error its content is
/// meaningless.
[[nodiscard]] std::optional<DecodeError> decode_stream_message(std::string_view json,
                                                               const Workflow& workflow,
                                                               StreamMessage& message,
                                                               const CodecLimits& limits = {});

[[nodiscard]] std::string encode_connected(std::int64_t timestamp_ms);
[[nodiscard]] std::string encode_ping(std::int64_t timestamp_ms);
[[nodiscard]] std::string encode_reset(std::int64_t timestamp_ms);
/// The token that opened the stream expires in `expires_in`.
[[nodiscard]] std::string encode_token_expiring(std::int64_t timestamp_ms, Duration expires_in);
/// `final_update` is the last update of a stream that ends with the final status.
[[nodiscard]] std::string encode_end(const EventId& final_update, std::int64_t timestamp_ms);
/// The text around an update's text in its envelope.
inline constexpr std::string_view update_envelope_opening = R"({"type":"update","data":)";
inline constexpr std::string_view update_envelope_closing = "}";
/// `update_json` is copied exactly as the publisher sent it, so nothing in it is lost.
[[nodiscard]] std::string encode_update_envelope(std::string_view update_json);
[[nodiscard]] std::string encode_snapshot(const RegistrationView& view, const Workflow& workflow,
                                          std::int64_t timestamp_ms);
[[nodiscard]] std::string encode_snapshot(const RegistrationView& view, std::int64_t timestamp_ms);

/// A view as the `data` object of a snapshot, and back. Unknown times are null. Only the id
/// (`registrationId`) is required, since an older gateway's snapshot has no `id`, and so on.
/// `progress` is for readers of the JSON; decoding ignores it, since it follows from the rest.
/// `hasMoreStages` and `hasLostHistory` are written only if they are true; no gateway sends the
/// latter.
[[nodiscard]] std::string encode_view(const RegistrationView& view, const Workflow& workflow);
[[nodiscard]] std::string encode_view(const RegistrationView& view);
[[nodiscard]] std::variant<RegistrationView, DecodeError> decode_view(
    std::string_view json, const Workflow& workflow, const CodecLimits& limits = {});
[[nodiscard]] std::variant<RegistrationView, DecodeError> decode_view(
    std::string_view json, const CodecLimits& limits = {});

}  // namespace regstream
