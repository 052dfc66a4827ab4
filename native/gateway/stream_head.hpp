#pragma once

#include <list>
#include <string>
#include <string_view>

#include "hub/frame.hpp"
#include "net/cors.hpp"
#include "net/exchange.hpp"

namespace regstream::gateway {

/// The fields of a stream's response that are specific to streams.
[[nodiscard]] net::Response make_stream_response();

/// The heads of streams, as bytes. Only a few differ, so each is made once and shared.
class StreamHeads {
 public:
  /// Valid as long as this object. `cors`: see `net::Exchange::cors`.
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
