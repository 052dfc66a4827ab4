#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include <regstream/client/header_field.hpp>
#include <regstream/client/stream_failure.hpp>
#include <regstream/client/token_source.hpp>
#include <regstream/connection/connection.hpp>
#include <regstream/sse/parser.hpp>

/// A client of an event stream over HTTP/1.1: the core's sessions on Boost.Beast.
namespace regstream::client {

/// The request that each attempt sends.
struct StreamRequest {
  std::string url;  ///< https://…, or http://….
  std::string method = "GET";
  std::string body;
  std::vector<HeaderField> headers;  ///< In addition to, or in place of, the client's own.
  std::string last_event_id;         ///< Cursor of the first attempt; empty: none.
};

/// Limits on what a server can make the client store or do.
struct StreamLimits {
  /// Servers send a few hundred bytes, and a proxy's cookies add a few thousand.
  std::size_t response_header_bytes_max = 16U << 10U;
  /// Redirects that one attempt follows.
  int redirects_max = 5;
  sse::ParserLimits parser;
};

struct StreamClientOptions {
  /// `silence_limit` is the longest read timeout. `reconnection_time` is the delay until the server
  /// sends one. `needs_token` is set from `token`.
  ConnectionOptions connection;
  StreamLimits limits;
  /// Gives the token that each attempt sends as `Authorization: Bearer`, in place of such a header
  /// in the request. A redirect never takes it to another origin. Empty: attempts don't wait for a
  /// token.
  TokenSource token;
  /// PEM file with the CA certificates for https. Empty: the system's.
  std::string ca_file;
  /// Seed of this client's random delays. Give each client its own, so that they spread.
  std::uint64_t seed = 1;
};

/// Sets the delay before a reconnect, until the server sends one. A short delay also shortens the
/// first jitter of the backoff, but not to zero: otherwise a dead server would be asked without
/// pause.
void set_initial_delay(StreamClientOptions& options, Duration delay);

/// Gets the changes of a connection's state. An exception from a handler leaves `io_context::run`.
/// The client has gone on by then, and its later calls to the handler are not affected.
class StateHandler {
 public:
  /// `failure` is the reason when something went wrong. It is null when the caller connected,
  /// closed or restarted the client, when a stream opened, and when a wait is over.
  virtual void on_state(const StateChanged& /*change*/, const StreamFailure* /*failure*/) {}

 protected:
  ~StateHandler() = default;
};

/// Gets what a stream brings. Every call may close, restart or destroy the client. After that it
/// gets nothing more from that stream, not even what has arrived already. Views are valid until the
/// call returns.
class StreamHandler : public StateHandler {
 public:
  virtual void on_event(const sse::Event& event) = 0;
  virtual void on_comment(std::string_view /*text*/) {}
  /// In place of an event over the parser's limits: an update may have been missed.
  virtual void on_skipped(const sse::Skipped& /*skipped*/) {}
  /// The server has sent a reconnection time.
  virtual void on_retry(Duration /*delay*/) {}

 protected:
  ~StreamHandler() = default;
};

class StreamShell;

/// Keeps one event stream open until it is closed or fails for good. Everything happens on the
/// io_context's one thread. For a gateway's stream of registrations, see registration_client.hpp.
class StreamClient {
 public:
  /// `handler` must outlive the client. Throws std::invalid_argument with one sentence if the
  /// request can't be sent: a malformed URL or header, or a CA file that can't be read.
  StreamClient(boost::asio::io_context& context, StreamRequest request,
               const StreamClientOptions& options, StreamHandler& handler);
  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;
  /// The handler is not called after this.
  ~StreamClient();

  /// Starts the first attempt. Call it once only.
  void connect();
  /// Closes the stream for good.
  void close();
  /// Drops the open stream, or the current wait, and connects at once.
  void restart();

  [[nodiscard]] ConnectionState state() const;

 protected:
  explicit StreamClient(std::shared_ptr<StreamShell> shell);

 private:
  std::shared_ptr<StreamShell> shell_;
};

}  // namespace regstream::client
