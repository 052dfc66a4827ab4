#pragma once

#include <list>
#include <string>
#include <string_view>

#include "hub/frame.hpp"
#include "net/cors.hpp"
#include "net/exchange.hpp"

namespace regstream::gateway {

/// What a stream answers with, as far as it is the stream's own.
[[nodiscard]] net::Response make_stream_response();

/// The heads of streams, as bytes. There are few that differ: each is made once, and shared.
class StreamHeads {
 public:
  /// Holds as long as this. `cors`: see `net::Exchange::cors`.
  [[nodiscard]] std::string_view find(hub::Framing framing, const net::CorsFields* cors);

 private:
  struct Head {
    hub::Framing framing;
    const net::CorsFields* cors;
    std::string bytes;
  };
  std::list<Head> heads_;
};

}  // namespace regstream::gateway
