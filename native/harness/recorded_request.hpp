#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/time.hpp>

#include "harness/scenario.hpp"

namespace regstream::harness {

/// Names a connection, and the request that it came with: the first one is 1.
using ConnectionNumber = std::uint64_t;

/// A request as the server hands it over.
struct RequestHead {
  std::string method = {};
  std::string target = {};  ///< As it was sent.
  std::string path = {};    ///< Decoded but for "%2F", without the query.
  std::vector<HeaderField> headers = {};
  /// From the header, or from the query where a client can't set one. Empty: none.
  std::string last_event_id = {};
};

/// How a connection ended.
enum class Ending : std::uint8_t {
  open,       ///< It has not.
  answered,   ///< An answer that is no stream was sent whole.
  ended,      ///< The scenario ended the body.
  cut,        ///< It was cut,
  reset,      ///< or reset.
  by_client,  ///< The client closed it.
  too_slow,   ///< The client did not read, and its bytes became too many to keep.
  restarted,  ///< The scenario began anew.
};

[[nodiscard]] std::string_view to_string(Ending ending);

struct RecordedRequest {
  ConnectionNumber number = 0;
  Instant at;  ///< When it came.
  std::string method;
  std::string target;
  std::vector<HeaderField> headers;
  std::string last_event_id;
  std::string script;              ///< What answered it.
  std::optional<unsigned> status;  ///< Nothing: it got no answer, or not yet.
  std::size_t body_bytes = 0;      ///< Sent of the answer's body, without its framing.
  Ending ending = Ending::open;
  std::optional<Instant> ended_at;
};

/// What of a request is kept. The values of Authorization, Proxy-Authorization and Cookie are
/// replaced, and so are the query's `access_token` (RFC 6750, 2.3) and `token`: a record ends up in
/// the log of somebody's CI.
[[nodiscard]] RecordedRequest record_request(ConnectionNumber number, const RequestHead& head,
                                             Instant now);

}  // namespace regstream::harness
