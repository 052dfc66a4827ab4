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

/// The number of a connection and of its request; the first is 1.
using ConnectionNumber = std::uint64_t;

/// A request as the server gives it.
struct RequestHead {
  std::string method = {};
  std::string target = {};  ///< As it was sent.
  std::string path = {};    ///< Decoded except for "%2F", without the query.
  std::vector<HeaderField> headers = {};
  /// From the header, or from the query if a client can't set a header. Empty: none.
  std::string last_event_id = {};
};

/// How a connection ended.
enum class Ending : std::uint8_t {
  open,       ///< It has not ended.
  answered,   ///< A response that is not a stream was sent completely.
  ended,      ///< The scenario ended the body.
  cut,        ///< The scenario cut it,
  reset,      ///< or reset it.
  by_client,  ///< The client closed it.
  too_slow,   ///< The client did not read, and too many bytes waited for it.
  restarted,  ///< The scenario was restarted.
};

[[nodiscard]] std::string_view to_string(Ending ending);

struct RecordedRequest {
  ConnectionNumber number = 0;
  Instant at;  ///< When the request came.
  std::string method;
  std::string target;
  std::vector<HeaderField> headers;
  std::string last_event_id;
  std::string script;              ///< What answered it.
  std::optional<unsigned> status;  ///< Nothing if it has no response, or not yet.
  std::size_t body_bytes = 0;  ///< Bytes of the response's body that were sent, without framing.
  Ending ending = Ending::open;
  std::optional<Instant> ended_at;
};

/// The record of a request. Replaces the values of Authorization, Proxy-Authorization and Cookie,
/// and of the query's `access_token` (RFC 6750, 2.3) and `token`, because records end up in logs of
/// CI.
[[nodiscard]] RecordedRequest record_request(ConnectionNumber number, const RequestHead& head,
                                             Instant now);

}  // namespace regstream::harness
