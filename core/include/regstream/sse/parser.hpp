#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <regstream/time.hpp>

/// Server-sent events, the receiving side: WHATWG HTML, "9.2.6 Interpreting an event stream".
namespace regstream::sse {

/// A dispatched event. The views are valid until the parser's next call.
struct Event {
  std::string_view type;  ///< "message" unless the block named another.
  std::string_view data;  ///< Valid UTF-8, lines joined by LF.
  std::string_view last_event_id;
};

/// A comment line, without its colon. The view is valid until the parser's next call.
struct Comment {
  std::string_view text;
};

/// A valid `retry` field.
struct Retry {
  Duration delay;
};

/// The limit that a skipped event exceeds.
enum class SkipReason : std::uint8_t {
  line_too_long,
  event_too_large,
  id_too_long,
};

/// The enumerator's own name.
[[nodiscard]] std::string_view to_string(SkipReason reason);

/// An event over a limit, reported at its end in place of the event. The stream goes on: a client
/// that resumes from `last_event_id` does not get the same event again. The view is valid until the
/// parser's next call.
struct Skipped {
  SkipReason reason{};
  /// The bytes of its data as sent, counting a line feed for each line.
  std::uint64_t bytes = 0;
  /// Includes the event's own id, if it had one within the limit.
  std::string_view last_event_id;
};

/// The parser has used every byte fed so far.
struct NeedInput {};

using Token = std::variant<NeedInput, Event, Comment, Retry, Skipped>;

/// How much memory one stream may make the parser use. An event over a limit is skipped while its
/// bytes arrive, in constant memory. A longer comment, unknown field or `retry` costs no event: it
/// is ignored, as the standard says for fields without a meaning.
struct ParserLimits {
  /// A line that spans chunks is buffered. A peer that never ends a line must not grow the buffer
  /// forever.
  std::size_t line_bytes_max = 4U << 20U;
  /// All data lines of one event together.
  std::size_t event_bytes_max = 8U << 20U;
  /// The id travels back in a request header, and servers limit those (commonly to 8 KiB).
  std::size_t id_bytes_max = 4096;
};

/// How far the parser has searched a chunk for line ends.
struct LineCursor {
  const char* begin = nullptr;  ///< The beginning of the searched bytes.
  const char* end = nullptr;    ///< The end of the chunk.
  const char* block = nullptr;  ///< The 64 bytes that `marks` describes.
  /// The bytes that may end a line there; the lowest bit is the first byte.
  std::uint64_t marks = 0;
};

/// A pull parser: `feed` one chunk, then call `next` until it returns NeedInput. The result is
/// exact at every chunk split. Time is linear in the bytes fed; the limits bound memory.
class Parser {
 public:
  /// `last_event_id` is the id that an earlier stream left (empty: none).
  explicit Parser(ParserLimits limits = {}, std::string last_event_id = {});

  // Not copyable: its views may point into itself.
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  /// Starts a new connection: only the last event ID and the reconnection time carry over.
  void begin_connection();

  /// Passes the next bytes. `chunk` must stay valid until `next` returns NeedInput. Call this only
  /// after NeedInput.
  void feed(std::string_view chunk);

  /// Returns the next token of the fed bytes.
  [[nodiscard]] Token next();

  /// The id that a reconnect has to send as Last-Event-ID; empty: none.
  [[nodiscard]] std::string_view last_event_id() const;

  /// The reconnection time that the last `retry` field set. A value that does not fit becomes the
  /// longest Duration.
  [[nodiscard]] std::optional<Duration> retry() const;

 private:
  /// Where a field's value is: in bytes of the chunk (or of `line_`), or in a buffer of the parser.
  /// Data may also be `skipped`: the event is over a limit, and the rest of its block is only
  /// counted.
  enum class Held : std::uint8_t { nowhere, viewed, owned, skipped };

  /// Where the beginning of a line that spans chunks is.
  enum class OpenLine : std::uint8_t {
    none,
    kept,  ///< In `line_`.
    /// Dropped: the line is too long, or means nothing. `dropped_` has what is known about it.
    dropped,
  };

  /// What is kept of a line whose bytes were dropped: enough to tell which field it was.
  struct DroppedLine {
    std::array<char, 6> head{};  ///< The first bytes: the longest name with its colon.
    std::size_t head_size = 0;
    std::uint64_t bytes = 0;  ///< The line's length.
    bool has_nul = false;

    void add(std::string_view piece, bool is_plain);
  };

  // A line handler returns true if it produced a token. It fills the token in place: seven words,
  // copied for every line, would cost as much as scanning the line.

  [[nodiscard]] bool resume(Token& token);
  void skip_byte_order_mark();
  [[nodiscard]] bool read_line(Token& token);
  [[nodiscard]] Token end_chunk();
  void keep_for_next_chunk();
  void keep_open_line(std::string_view piece, bool is_plain);
  [[nodiscard]] bool is_too_long(std::string_view piece) const;
  void drop(std::string_view piece, bool is_plain);
  void use_dropped_line();
  void end_line(const char* line_end);
  [[nodiscard]] bool use_line(std::string_view line, bool is_plain, Token& token);
  void use_data(std::string_view value, bool is_plain);
  void append_data(std::string_view value, bool is_plain);
  void use_id(std::string_view value, bool is_plain);
  [[nodiscard]] bool use_retry(std::string_view value, Token& token);
  void use_comment(std::string_view text, bool is_plain, Token& token);
  void use_type(std::string_view value, bool is_plain);
  void commit_id();
  void skip_event(SkipReason reason);
  [[nodiscard]] bool dispatch(Token& token);

  ParserLimits limits_;
  const char* at_ = nullptr;   ///< The next byte of the chunk.
  const char* end_ = nullptr;  ///< The end of the chunk.
  LineCursor lines_;           ///< The line search; the next line begins at `at_`.

  /// The chunk is new, so one of the states below may apply. Within a chunk none does.
  bool must_resume_ = false;
  std::uint8_t byte_order_mark_seen_ = 0;  ///< Bytes of it matched so far.
  bool at_start_ = true;                   ///< A byte order mark may still come.
  bool swallow_line_feed_ = false;         ///< The last chunk ended with a CR.

  OpenLine open_line_ = OpenLine::none;
  /// The beginning of a line that spans chunks. Its bytes stay until the chunk's end, because
  /// tokens may have views into them.
  std::string line_;
  bool line_is_plain_ = true;  ///< See `LineScan::is_plain`.
  DroppedLine dropped_;

  // The event that is being read. Members of type Held are never neighbours: compilers would load
  // two of them as one word, and such a load waits until the bytes just stored have left the
  // processor's store queue.
  Held data_held_ = Held::nowhere;
  std::string_view data_view_;
  std::string data_;
  Held type_held_ = Held::nowhere;
  std::string_view type_view_;
  std::string type_;
  Held id_held_ = Held::nowhere;
  std::string_view id_view_;
  std::string id_;
  /// The bytes that replacing ill-formed UTF-8 has added to `data_`.
  std::size_t data_growth_ = 0;
  std::uint64_t skipped_bytes_ = 0;  ///< The data bytes of the event, once they are `skipped`.
  SkipReason skip_reason_{};         ///< The first reason.

  std::string comment_;
  std::string last_event_id_;  ///< Never a view: it outlives the chunk.
  std::optional<Duration> retry_;
};

}  // namespace regstream::sse
