#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <regstream/time.hpp>

/// A scenario as values. native/harness/README.md describes the file.
namespace regstream::harness {

struct HeaderField {
  std::string name;
  std::string value;
};

/// Bytes of the body, encoded when the scenario was read.
struct SendBytes {
  std::string bytes;
};

enum class ControlMessage : std::uint8_t { connected, ping, reset };

/// A stream message with the time, which is known only when it is played.
struct SendControl {
  ControlMessage message{};
  std::string id;  ///< Empty: none.
};

/// From here the body is sent in pieces of this size, with this interval.
struct SetChunks {
  std::size_t bytes = 0;  ///< 0: as it comes.
  Duration every{0};
};

/// From here the body is held back until this many bytes wait, as in a proxy's buffer.
struct SetHold {
  std::size_t bytes = 0;  ///< 0: sends what is held, and holds nothing from now on.
};

/// From here the stream pings; nothing: it stops pinging.
struct SetPings {
  std::optional<Duration> every;
};

/// Nothing is sent any more, not even pings, and the connection stays open.
struct Silence {};

enum class BreakKind : std::uint8_t {
  cut,    ///< The connection closes without the end of the body.
  reset,  ///< The connection is reset (RST).
};

/// The connection breaks: now, or once byte `after_bytes` of the body was sent.
struct Break {
  BreakKind kind{};
  std::optional<std::size_t> after_bytes;
};

/// The body ends as it should.
struct End {};

using StepAction =
    std::variant<SendBytes, SendControl, SetChunks, SetHold, SetPings, Silence, Break, End>;

struct Step {
  Duration after{
      0};  ///< Since the previous step was done; for the first step, since the response's head.
  StepAction action;
};

enum class Framing : std::uint8_t {
  close,    ///< The body ends with the connection, so a cut looks like an end.
  chunked,  ///< Every piece is a chunk (RFC 9112, 7.1), so a cut shows.
};

/// A response's head, and its body if there are no steps.
struct Answer {
  Duration after{0};  ///< Since the request.
  unsigned status = 200;
  std::vector<HeaderField> headers;
  std::string body;
  Framing framing = Framing::close;
};

/// No response: the connection ends once the request has come.
enum class Refusal : std::uint8_t { close, reset };

/// Which requests a script answers. Conditions that are not given don't matter.
struct When {
  std::optional<std::string> method;
  std::optional<std::string> path;
  std::optional<std::string> last_event_id;  ///< Empty: the request must bring none.
  std::vector<HeaderField> headers;
};

/// What is played to one connection.
struct Script {
  std::string name;  ///< Its name in the record of requests, such as "connections[0]".
  When when;
  std::optional<std::size_t> times;  ///< How many requests it answers; nothing: no limit.
  std::variant<Answer, Refusal> answer;
  std::optional<std::vector<Step>> steps;  ///< Nothing: not a stream, but the answer's own body.
};

struct Scenario {
  std::string description;
  /// The first one that matches a request is played. Shared with the connections that play them.
  std::vector<std::shared_ptr<const Script>> connections;
  std::shared_ptr<const Script> fallback;  ///< For requests that no other one matches.
};

}  // namespace regstream::harness
