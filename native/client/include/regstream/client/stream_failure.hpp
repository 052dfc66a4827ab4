#pragma once

#include <cstdint>
#include <string>

namespace regstream::client {

enum class StreamFailureKind : std::uint8_t {
  unresolvable,       ///< The host's name can't be resolved.
  unreachable,        ///< The host can't be reached.
  timed_out,          ///< No response in time.
  broken,             ///< The connection broke, before the response or in the middle of the stream.
  malformed,          ///< The response is not HTTP.
  header_too_large,   ///< The response's header, or a line of its chunked body, is over the limit.
  unexpected_status,  ///< The response's status is not that of a stream.
  wrong_content_type,    ///< 200, but not text/event-stream.
  redirect,              ///< A redirect that can't be followed, or too many of them.
  told_to_stop,          ///< 204: the server asks the client not to reconnect.
  ended,                 ///< The server ended the stream cleanly.
  silent,                ///< No byte within the read timeout.
  no_token,              ///< There is no token, or it can't be sent.
  wrong_content_coding,  ///< A stream in a content coding that this client can't decode, such as
                         ///< gzip.
  insecure,              ///< No TLS, or a certificate that can't be trusted for this host.
};

/// Why an attempt did not lead to a stream, or why a stream ended.
struct StreamFailure {
  StreamFailureKind kind{};
  std::string what;  ///< A sentence without its full stop: what and where. It has no query of a URL
                     ///< and no header.
};

}  // namespace regstream::client
