#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include <regstream/client/stream_client.hpp>

#include "client_recorder.hpp"
#include "client_scripted_server.hpp"
#include "run_until.hpp"

namespace regstream::client {

/// A server, a client and the client's record, on one loop.
struct Bench {
  explicit Bench(std::vector<Answer> answers) : server(context, std::move(answers)) {}

  StreamClient& connect(const StreamClientOptions& options = fast()) {
    return connect(get(server.url()), options);
  }
  StreamClient& connect(StreamRequest request, const StreamClientOptions& options = fast()) {
    client = std::make_unique<StreamClient>(context, std::move(request), options, recorder);
    client->connect();
    return *client;
  }
  [[nodiscard]] bool until_events(std::size_t count) {
    return test::run_until(context, [&] { return recorder.events.size() >= count; });
  }
  [[nodiscard]] bool until_requests(std::size_t count) {
    return test::run_until(context, [&] { return server.requests.size() >= count; });
  }
  [[nodiscard]] bool until_closed() {
    return test::run_until(context, [&] { return client->state() == ConnectionState::closed; });
  }

  boost::asio::io_context context{1};
  ScriptedServer server;
  Recorder recorder;
  std::unique_ptr<StreamClient> client;
};

inline bool has(const std::string& request, const std::string& text) {
  return request.find(text) != std::string::npos;
}

/// A status and its fields, without a body.
inline std::string head(const std::string& status, const std::string& fields = {}) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n" + fields + "\r\n";
}

}  // namespace regstream::client
