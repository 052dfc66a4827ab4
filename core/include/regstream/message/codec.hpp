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

/// JSON in and out: messages on the channel, and the envelopes of the event stream. A workflow says
/// what the member with the id is called, and what it holds; functions without one are the
/// registration's.
namespace regstream {

/// Why a message could not be read. `what` is a sentence for the publisher's author that names the
/// field and the expectation; it quotes none of the message, which may hold personal data.
struct DecodeError {
  std::string what;
  DropReason reason = DropReason::not_json;
  std::int64_t registration_id = 0;  ///< The one that an update names; 0 where that is not known.
};

struct CodecLimits {
  std::size_t message_bytes_max = 1U << 20U;  ///< One update is kilobytes; a megabyte is a mistake.
  std::size_t depth_max = 64;        ///< Bounds recursion of whoever parses it next; at most 128.
  std::size_t name_bytes_max = 256;  ///< A status or stage; views keep one of each stage.
  /// An event of the stream, and a snapshot in it: as much as the event stream parser takes in a
  /// line.
  std::size_t stream_message_bytes_max = 4U << 20U;
};

/// A string as it stands between its quotes in a JSON text.
struct JsonString {
  std::string_view raw;
  bool has_escapes = false;

  [[nodiscard]] bool empty() const { return raw.empty(); }
  /// What the string says. A lone surrogate, which only an escape can name, is U+FFFD.
  [[nodiscard]] std::string text() const;
};

/// A JSON text inside a message: as it stands there, or a copy where it was sent as a string.
struct JsonText {
  std::string_view sent;
  std::string copy;

  [[nodiscard]] bool empty() const { return view().empty(); }
  [[nodiscard]] std::string_view view() const { return copy.empty() ? sent : copy; }
};

/// A message of the channel as it stands in its JSON text: nothing known is copied, and the views
/// hold as long as that text does.
struct UpdateSlices {
  std::int64_t registration_id = 0;  ///< 0 where the workflow's ids are text;
  JsonString text_id;                ///< empty where they are numbers.
  JsonString status;
  JsonString stage;  ///< Empty in a status update.
  /// Of `stage`; inferred from `message` where the publisher sent none, or a word that is unknown.
  StageStatus stage_status = StageStatus::completed;
  JsonString stage_status_word;  ///< What was sent, if that is no word of ours.
  JsonString message;
  JsonText details;      ///< Of an object, or empty.
  JsonText process_log;  ///< Of an array, or empty.
  std::int64_t timestamp_ms = 0;
  std::optional<EventId> id;
  std::string unknown;  ///< JSON text of an object with the members not named above, or empty.
  /// Members of the contract that are among the unknown ones, since they are of another type.
  std::uint32_t mistyped = 0;
  std::string_view mistyped_name;      ///< One of them,
  std::string_view mistyped_expected;  ///< and what it should have been.
};

/// Reads a message of the channel, whose text is that of `MessageText`. What is required decides
/// whether it is an update: the workflow's id (`registrationId`) and `status`. An id that is a
/// number is from 1 to 2^53 - 1, and may be sent as text: "42" is 42, as 42.0 is. One that is text
/// (`is_text_id`) is sent as text. `null` counts as absent, and of a key given twice the last one
/// counts.
///
/// No type of an optional member costs the update. What publishers in other languages send counts
/// as what they mean:
/// - A number as `message` is its text.
/// - `details` may be a string that is JSON text of an object, and `processLog` one of an array;
/// `[]`
///   as details and `{}` as a process log (PHP's empty array) are empty.
/// - A `timestamp` may be ISO 8601 with a zone, or digits in a string; an absent one is 0, and
///   fractions of a millisecond are dropped.
/// - A `stageStatus` that is no known word is kept, and the stage's status inferred as if none was
///   sent, if the workflow infers it (`completed` otherwise); an `id` that is no event id is an
///   unknown member.
/// Anything else is an unknown member, and counted as `mistyped`.
///
/// Errors are what is no JSON, several JSON values (two lines of JSON, say), an array, a number
/// that no double can hold (1e999) and what is over a limit. A lone surrogate is no error. Invalid
/// UTF-8 is one here.
[[nodiscard]] std::variant<UpdateSlices, DecodeError> decode_update_slices(
    std::string_view json, const Workflow& workflow, const CodecLimits& limits = {});
[[nodiscard]] std::variant<UpdateSlices, DecodeError> decode_update_slices(
    std::string_view json, const CodecLimits& limits = {});

/// The same of a message's bytes, with everything copied out of their text.
[[nodiscard]] std::variant<Update, DecodeError> decode_update(std::string_view json,
                                                              const Workflow& workflow,
                                                              const CodecLimits& limits = {});
[[nodiscard]] std::variant<Update, DecodeError> decode_update(std::string_view json,
                                                              const CodecLimits& limits = {});
[[nodiscard]] Update to_update(const UpdateSlices& slices);

/// The message of the channel for `update`; `stageStatus` accompanies a stage. `details`,
/// `process_log` and the members of `unknown` go in as they are and must be JSON.
[[nodiscard]] std::string encode_update(const Update& update, const Workflow& workflow);
[[nodiscard]] std::string encode_update(const Update& update);

/// What the event stream carries: `{"type":…,"data":…,"timestamp":…}`.
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
  UpdateSlices update;            ///< What `data` says, in an update.
  std::optional<EventId> end_id;  ///< In an end: of the final update.
  /// In a `token_expiring`, how long the stream's token is still good for; 0 where it doesn't say.
  Duration expires_in{};
};

/// Reads one event's data in one pass, its keys in any order. `data` must be an object in an update
/// and a snapshot; a message of another type may have any, and it is kept if it is an object. An
/// end has the id of an update as its `id`.
[[nodiscard]] std::variant<StreamMessage, DecodeError> decode_stream_message(
    std::string_view json, const Workflow& workflow, const CodecLimits& limits = {});
[[nodiscard]] std::variant<StreamMessage, DecodeError> decode_stream_message(
    std::string_view json, const CodecLimits& limits = {});
/// The same into `message`, for who keeps one; after an error it says nothing of use.
[[nodiscard]] std::optional<DecodeError> decode_stream_message(std::string_view json,
                                                               const Workflow& workflow,
                                                               StreamMessage& message,
                                                               const CodecLimits& limits = {});

[[nodiscard]] std::string encode_connected(std::int64_t timestamp_ms);
[[nodiscard]] std::string encode_ping(std::int64_t timestamp_ms);
[[nodiscard]] std::string encode_reset(std::int64_t timestamp_ms);
/// The token that has opened the stream expires then.
[[nodiscard]] std::string encode_token_expiring(std::int64_t timestamp_ms, Duration expires_in);
/// `final_update` is the one that a stream until the final status ends with.
[[nodiscard]] std::string encode_end(const EventId& final_update, std::int64_t timestamp_ms);
/// What stands around an update's text in its envelope.
inline constexpr std::string_view update_envelope_opening = R"({"type":"update","data":)";
inline constexpr std::string_view update_envelope_closing = "}";
/// `update_json` goes in exactly as the publisher sent it, so nothing that it said is lost.
[[nodiscard]] std::string encode_update_envelope(std::string_view update_json);
[[nodiscard]] std::string encode_snapshot(const RegistrationView& view, const Workflow& workflow,
                                          std::int64_t timestamp_ms);
[[nodiscard]] std::string encode_snapshot(const RegistrationView& view, std::int64_t timestamp_ms);

/// A view as the `data` object of a snapshot, and back. Times that are not known are null. Needed
/// is no more than the id (`registrationId`): an older gateway's snapshot has no `id`, and so on.
/// `progress` is there for who reads the JSON; reading it back ignores it, for it follows from the
/// rest. `hasMoreStages` is there only where it is true, and so is `hasLostHistory`, which no
/// gateway sends.
[[nodiscard]] std::string encode_view(const RegistrationView& view, const Workflow& workflow);
[[nodiscard]] std::string encode_view(const RegistrationView& view);
[[nodiscard]] std::variant<RegistrationView, DecodeError> decode_view(
    std::string_view json, const Workflow& workflow, const CodecLimits& limits = {});
[[nodiscard]] std::variant<RegistrationView, DecodeError> decode_view(
    std::string_view json, const CodecLimits& limits = {});

}  // namespace regstream
