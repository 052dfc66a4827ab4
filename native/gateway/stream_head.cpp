#include "gateway/stream_head.hpp"

#include <algorithm>
#include <sstream>

#include <boost/beast/http/write.hpp>

#include "net/common_fields.hpp"

namespace regstream::gateway {

namespace http = boost::beast::http;

namespace {

// The connection ends with the stream, even if the body is chunked: no client sends another request
// after a stream that may have lasted for days.
std::string make_head(hub::Framing framing, const net::CorsFields* cors) {
  net::Response response = make_stream_response();
  net::complete_response(response, http::verb::head);  // The body's length is unknown.
  net::set_cors_fields(response, cors);
  response.chunked(framing == hub::Framing::chunked);
  response.keep_alive(false);
  std::ostringstream head;
  head << response.base();
  return head.str();
}

}  // namespace

net::Response make_stream_response() {
  net::Response response(http::status::ok, 11);
  response.set(http::field::content_type, "text/event-stream");
  // Tells proxies not to transform, and nginx not to buffer.
  response.set(http::field::cache_control, "no-cache, no-transform");
  response.set("X-Accel-Buffering", "no");
  return response;
}

std::string_view StreamHeads::find(hub::Framing framing, const net::CorsFields* cors) {
  const auto known = std::find_if(heads_.begin(), heads_.end(), [&](const Head& head) {
    return head.framing == framing && head.cors == cors;
  });
  return known != heads_.end()
             ? known->bytes
             : heads_.emplace_back(Head{framing, cors, make_head(framing, cors)}).bytes;
}

}  // namespace regstream::gateway
