#pragma once

#include <cstdint>
#include <string>

namespace regstream::client {

enum class StreamFailureKind : std::uint8_t {
  unresolvable,        ///< The host's name is not known.
  unreachable,         ///< No connection to the host.
  timed_out,           ///< No answer in time.
  broken,              ///< The connection broke, before the answer or in the middle of the stream.
  malformed,           ///< What was answered is no HTTP.
  header_too_large,    ///< The answer's header, or a line of its chunked body, is over the limit.
  unexpected_status,   ///< An answer without a stream.
  wrong_content_type,  ///< 200, but not with text/event-stream.
  redirect,            ///< A redirect that can't be followed, or too many of them.
  told_to_stop,        ///< 204: the server wants no reconnect.
  ended,               ///< The server ended the stream cleanly.
  silent,              ///< No byte within the read timeout.
  no_token,            ///< The token could not be had, or can't be sent.
  wrong_content_coding,  ///< A stream in a coding that this client does not undo, such as gzip.
  insecure,              ///< No TLS, or a certificate that is not to be trusted for this host.
};

/// Why an attempt did not lead to a stream, or why a stream ended.
struct StreamFailure {
  StreamFailureKind kind{};
  std::string
      what;  ///< A sentence without its full stop: what, where. No query of a URL, no header.
};

}  // namespace regstream::client
