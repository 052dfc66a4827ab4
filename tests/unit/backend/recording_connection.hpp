#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "net/exchange.hpp"
#include "net/router.hpp"
#include "net/target.hpp"

namespace regstream::backend {

/// A connection without a socket that records the response. Thread-safe.
class RecordingConnection final : public net::Exchange::Connection {
 public:
  void send(net::Response response) override {
    {
      const std::lock_guard lock{mutex_};
      response_ = std::move(response);
    }
    answered_.notify_all();
  }
  net::TakenConnection release() override {
    throw std::logic_error("no route of the backend takes the socket");
  }

  [[nodiscard]] bool is_answered() const {
    const std::lock_guard lock{mutex_};
    return response_.has_value();
  }
  /// Waits for the answer.
  net::Response take() {
    std::unique_lock lock{mutex_};
    answered_.wait(lock, [this] { return response_.has_value(); });
    return std::move(*response_);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable answered_;
  std::optional<net::Response> response_;
};

struct TestRequest {
  boost::beast::http::verb method = boost::beast::http::verb::get;
  std::string target;
  std::string body = {};
  std::string content_type = {};
};

/// Lets `router` serve a request. The response comes on the returned connection.
inline std::shared_ptr<RecordingConnection> send(const net::Router& router,
                                                 const TestRequest& test_request) {
  auto connection = std::make_shared<RecordingConnection>();
  net::Request request{test_request.method, test_request.target, 11};
  request.body() = test_request.body;
  if (!test_request.content_type.empty()) {
    request.set(boost::beast::http::field::content_type, test_request.content_type);
  }
  request.prepare_payload();
  router.route(net::Exchange{connection, std::move(request),
                             net::parse_target(test_request.target).value()});
  return connection;
}

}  // namespace regstream::backend
