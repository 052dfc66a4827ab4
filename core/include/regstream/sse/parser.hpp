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

/// A dispatched event. The views hold until the parser's next call.
struct Event {
  std::string_view type;  ///< "message" unless the block named another.
  std::string_view data;  ///< Valid UTF-8, lines joined by LF.
  std::string_view last_event_id;
};

/// A line that began with a colon, without the colon. The view holds until the parser's next call.
struct Comment {
  std::string_view text;
};

/// A valid `retry` field.
struct Retry {
  Duration delay;
};

/// Which limit an event that was skipped is over.
enum class SkipReason : std::uint8_t {
  line_too_long,
  event_too_large,
  id_too_long,
};

/// The enumerator's own name.
[[nodiscard]] std::string_view to_string(SkipReason reason);

/// An event over a limit. It comes at the event's end, in place of the event, and the stream goes
/// on: whoever resumes from `last_event_id` does not get the same event again. The view holds until
/// the parser's next call.
struct Skipped {
  SkipReason reason{};
  std::uint64_t bytes = 0;         ///< Its data as it was sent, with a line feed for each line.
  std::string_view last_event_id;  ///< With the event's own id, if it had one within the limit.
};

/// Every byte fed so far has been used.
struct NeedInput {};

using Token = std::variant<NeedInput, Event, Comment, Retry, Skipped>;

/// What one stream may make the parser hold. An event over a limit is skipped as its bytes come, in
/// constant memory. What is no event has no limit: a longer comment, unknown field or `retry` is
/// passed over, as the standard has it for fields that mean nothing.
struct ParserLimits {
  /// A line that spans chunks is buffered; a peer that never ends one must not grow it for ever.
  std::size_t line_bytes_max = 4U << 20U;
  /// All data lines of one event together.
  std::size_t event_bytes_max = 8U << 20U;
  /// The id travels back in a request header, and servers bound those (commonly at 8 KiB).
  std::size_t id_bytes_max = 4096;
};

/// How far the parser has searched a chunk for line ends.
struct LineCursor {
  const char* begin = nullptr;  ///< Of what is searched.
  const char* end = nullptr;    ///< Of the chunk.
  const char* block = nullptr;  ///< The 64 bytes that `marks` tells of.
  std::uint64_t marks = 0;      ///< What may end a line there; the first byte's bit is the lowest.
};

/// A pull parser: `feed` one chunk, then `next` until it says NeedInput. Exact at every chunk
/// split. Time is linear in the bytes fed, memory is bounded by the limits.
class Parser {
 public:
  /// `last_event_id` is what an earlier stream left (empty: none).
  explicit Parser(ParserLimits limits = {}, std::string last_event_id = {});

  // Its views may point into itself.
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  /// Starts a new connection: only the last event ID and the reconnection time carry over.
  void begin_connection();

  /// Hands over the next bytes. `chunk` must outlive the `next` calls up to NeedInput; call only
  /// when `next` has said NeedInput.
  void feed(std::string_view chunk);

  /// The next token of what was fed.
  [[nodiscard]] Token next();

  /// What a reconnect has to send as Last-Event-ID; empty means none.
  [[nodiscard]] std::string_view last_event_id() const;

  /// The reconnection time last set by a `retry` field. What does not fit is the longest Duration.
  [[nodiscard]] std::optional<Duration> retry() const;

 private:
  /// Where a field's value lives: in bytes of the chunk (or of `line_`), or in a buffer of ours.
  /// Data may also be `skipped`: the event is over a limit, and the rest of its block only counts.
  enum class Held : std::uint8_t { nowhere, viewed, owned, skipped };

  /// Where the beginning of a line that spans chunks is.
  enum class OpenLine : std::uint8_t {
    none,
    kept,    ///< In `line_`.
    passed,  ///< Nowhere: the line is too long, or means nothing. `passed_` has what is known of
             ///< it.
  };

  /// What is left of a line whose bytes were let go: enough to say which field it was.
  struct PassedLine {
    std::array<char, 6> head{};  ///< Its first bytes: the longest name with its colon.
    std::size_t head_size = 0;
    std::uint64_t bytes = 0;  ///< All of them.
    bool has_nul = false;

    void add(std::string_view piece, bool is_plain);
  };

  // A line handler returns true if it produced a token. The token itself is filled in place: seven
  // words, copied for every line, would cost as much as the line's scan.

  [[nodiscard]] bool resume(Token& token);
  void skip_byte_order_mark();
  [[nodiscard]] bool read_line(Token& token);
  [[nodiscard]] Token end_chunk();
  void keep_for_next_chunk();
  void keep_open_line(std::string_view piece, bool is_plain);
  [[nodiscard]] bool is_too_long(std::string_view piece) const;
  void pass(std::string_view piece, bool is_plain);
  void use_passed_line();
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
  const char* end_ = nullptr;  ///< Of the chunk.
  LineCursor lines_;           ///< The lines of the chunk, the next one from `at_` on.

  /// The chunk is new, so that one of the states below may hold; within a chunk none does.
  bool must_resume_ = false;
  std::uint8_t byte_order_mark_seen_ = 0;  ///< Bytes of it matched so far.
  bool at_start_ = true;                   ///< A byte order mark may still come.
  bool swallow_line_feed_ = false;         ///< The last chunk ended with a CR.

  OpenLine open_line_ = OpenLine::none;
  /// The beginning of a line that spans chunks. Its bytes stay until the chunk's end, as views into
  /// them may have been handed out.
  std::string line_;
  bool line_is_plain_ = true;  ///< As LineScan has it.
  PassedLine passed_;

  // The event that is being read. No two states of Held are neighbours: compilers would load them
  // as one word, and such a load waits until the bytes just stored have left the processor's queue.
  Held data_held_ = Held::nowhere;
  std::string_view data_view_;
  std::string data_;
  Held type_held_ = Held::nowhere;
  std::string_view type_view_;
  std::string type_;
  Held id_held_ = Held::nowhere;
  std::string_view id_view_;
  std::string id_;
  std::size_t data_growth_ = 0;      ///< What replacing ill-formed bytes has added to `data_`.
  std::uint64_t skipped_bytes_ = 0;  ///< Of the event, once its data is `skipped`.
  SkipReason skip_reason_{};         ///< The first one.

  std::string comment_;
  std::string last_event_id_;  ///< Never a view: it outlives the chunk, whatever becomes of that.
  std::optional<Duration> retry_;
};

}  // namespace regstream::sse
