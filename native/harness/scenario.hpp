#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <regstream/time.hpp>

/// What a mock server does, as values. native/harness/README.md describes the file that says it.
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

/// A message of the stream that tells the time, which is known when it is played only.
struct SendControl {
  ControlMessage message{};
  std::string id;  ///< Empty: none.
};

/// From here the body leaves in pieces of this many bytes, this far apart.
struct SetChunks {
  std::size_t bytes = 0;  ///< 0: as it comes.
  Duration every{0};
};

/// From here the body is held back until this many bytes wait, as a proxy's buffer does.
struct SetHold {
  std::size_t bytes = 0;  ///< 0: what is held leaves, and nothing is held any longer.
};

/// From here the stream pings; nothing: it does not any longer.
struct SetPings {
  std::optional<Duration> every;
};

/// Nothing comes any longer, pings included, and the connection stays open.
struct Silence {};

enum class BreakKind : std::uint8_t {
  cut,    ///< The connection closes without the end of the body.
  reset,  ///< It is reset (RST).
};

/// The connection breaks: now, or as soon as the body's byte `after_bytes` has left.
struct Break {
  BreakKind kind{};
  std::optional<std::size_t> after_bytes;
};

/// The body ends as it should.
struct End {};

using StepAction =
    std::variant<SendBytes, SendControl, SetChunks, SetHold, SetPings, Silence, Break, End>;

struct Step {
  Duration after{0};  ///< Since the step before was done; the first one: since the answer's head.
  StepAction action;
};

enum class Framing : std::uint8_t {
  close,    ///< The body ends with the connection, so that nobody can tell a cut from an end.
  chunked,  ///< Every piece is a chunk (RFC 9112, 7.1), and a cut shows.
};

/// An answer's head, and its body where there are no steps.
struct Answer {
  Duration after{0};  ///< Since the request.
  unsigned status = 200;
  std::vector<HeaderField> headers;
  std::string body;
  Framing framing = Framing::close;
};

/// No answer at all: the connection ends as soon as the request has come.
enum class Refusal : std::uint8_t { close, reset };

/// Which requests a script takes. What is not given does not matter.
struct When {
  std::optional<std::string> method;
  std::optional<std::string> path;
  std::optional<std::string> last_event_id;  ///< Empty: the request must bring none.
  std::vector<HeaderField> headers;
};

/// What one connection is answered with.
struct Script {
  std::string name;  ///< As the record of requests calls it: "connections[0]".
  When when;
  std::optional<std::size_t> times;  ///< How many requests it takes; nothing: any number.
  std::variant<Answer, Refusal> answer;
  std::optional<std::vector<Step>> steps;  ///< Nothing: no stream, but the answer's own body.
};

struct Scenario {
  std::string description;
  /// The first one that takes a request plays; they are shared with the connections that do.
  std::vector<std::shared_ptr<const Script>> connections;
  std::shared_ptr<const Script> fallback;  ///< For a request that no other one takes.
};

}  // namespace regstream::harness
