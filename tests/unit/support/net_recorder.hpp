#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/exchange.hpp"
#include "net/target.hpp"

/// An exchange without a server that records the response.
namespace regstream::net {

class Recorder : public Exchange::Connection {
 public:
  void send(Response response) override { answer = std::move(response); }
  TakenConnection release() override { throw std::logic_error("no socket"); }

  void set_route(std::string_view pattern) override { route = pattern; }

  std::optional<Response> answer;
  std::string_view route;
};

/// `target` must be valid.
inline Exchange make_exchange(const std::shared_ptr<Recorder>& recorder,
                              boost::beast::http::verb method, std::string_view target) {
  return {recorder, Request(method, target, 11), parse_target(target).value()};
}

}  // namespace regstream::net
