#pragma once

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

/// The peer's stream went over a limit. The parser has stopped: it gives no more events until
/// `begin_connection`.
enum class ParseError : std::uint8_t {
  line_too_long,
  event_too_large,
  id_too_long,
};

/// Every byte fed so far has been used.
struct NeedInput {};

using Token = std::variant<NeedInput, Event, Comment, Retry, ParseError>;

/// What one stream may make the parser hold.
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
  enum class Held : std::uint8_t { nowhere, viewed, owned };

  // What is called for each line tells by its result whether it has made a token. The token itself
  // is filled in place: seven words, copied for every line, would cost as much as the line's scan.

  [[nodiscard]] bool resume(Token& token);
  void skip_byte_order_mark();
  [[nodiscard]] bool take_line(Token& token);
  [[nodiscard]] Token end_chunk();
  void keep_for_next_chunk();
  void keep_open_line(std::string_view line, bool is_plain);
  void end_line(const char* line_end);
  [[nodiscard]] bool use_line(std::string_view line, bool is_plain, Token& token);
  [[nodiscard]] bool use_data(std::string_view value, bool is_plain, Token& token);
  [[nodiscard]] bool append_data(std::string_view value, bool is_plain, Token& token);
  [[nodiscard]] bool use_id(std::string_view value, bool is_plain, Token& token);
  [[nodiscard]] bool decode_id(std::string_view value, Token& token);
  [[nodiscard]] bool use_retry(std::string_view value, Token& token);
  void use_comment(std::string_view text, bool is_plain, Token& token);
  void use_type(std::string_view value, bool is_plain);
  void commit_id();
  [[nodiscard]] bool dispatch(Token& token);
  void stop(ParseError error, Token& token);

  ParserLimits limits_;
  const char* at_ = nullptr;   ///< The next byte of the chunk.
  const char* end_ = nullptr;  ///< Of the chunk.
  LineCursor lines_;           ///< The lines of the chunk, the next one from `at_` on.

  /// The chunk is new, so that one of the states below may hold; within a chunk none does.
  bool must_resume_ = false;
  std::uint8_t byte_order_mark_seen_ = 0;  ///< Bytes of it matched so far.
  bool at_start_ = true;                   ///< A byte order mark may still come.
  bool swallow_line_feed_ = false;         ///< The last chunk ended with a CR.
  bool has_stopped_ = false;

  /// The beginning of a line that spans chunks. Its bytes stay until the chunk's end, as views into
  /// them may have been handed out.
  std::string line_;
  bool line_is_open_ = false;  ///< `line_` waits for its end.
  bool line_is_plain_ = true;  ///< As LineScan has it.

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

  std::string comment_;
  std::string last_event_id_;  ///< Never a view: it outlives the chunk, whatever becomes of that.
  std::optional<Duration> retry_;
};

}  // namespace regstream::sse
