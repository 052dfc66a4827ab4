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

/// An event stream over HTTP/1.1: the core's sessions on Boost.Beast.
namespace regstream::client {

/// What is asked of the server, at every attempt again.
struct StreamRequest {
  std::string url;  ///< https://…, or http://….
  std::string method = "GET";
  std::string body;
  std::vector<HeaderField> headers;  ///< In addition to, or in place of, the client's own.
  std::string last_event_id;         ///< To resume from at the first attempt; empty: none.
};

/// What a server may make the client hold or do.
struct StreamLimits {
  /// Servers send some hundred bytes; a proxy's cookies add a few thousand.
  std::size_t response_header_bytes_max = 16U << 10U;
  /// Redirects of one attempt.
  int redirects_max = 5;
  sse::ParserLimits parser;
};

struct StreamClientOptions {
  /// `silence_limit` is the longest read timeout, `reconnection_time` the delay until the server
  /// names one; `needs_token` follows from `token`.
  ConnectionOptions connection;
  StreamLimits limits;
  /// Gives what each attempt sends as `Authorization: Bearer`, in place of such a header of the
  /// request's own; no redirect takes it to another origin. None: no attempt waits for a token.
  TokenSource token;
  /// Certificates of the issuers that are trusted with https, in PEM. Empty: the system's.
  std::string ca_file;
  /// Spreads this client's delays from other clients' ones.
  std::uint64_t seed = 1;
};

/// Sets the delay before a reconnect until the server names one. A short delay shortens the
/// backoff's first jitter with it, though not to nothing: a dead server is not asked without pause.
void set_initial_delay(StreamClientOptions& options, Duration delay);

/// Hears of what becomes of a connection. What a handler throws leaves `io_context::run`; the
/// client has gone on by then, and nothing else is kept from the handler.
class StateHandler {
 public:
  /// `failure` says why, where something went otherwise than the caller asked: null when the caller
  /// connected, closed or restarted the client, when a stream opened, and when a wait is over.
  virtual void on_state(const StateChanged& /*change*/, const StreamFailure* /*failure*/) {}

 protected:
  ~StateHandler() = default;
};

/// Hears of what a stream brings. Every call may close, restart or destroy the client: nothing more
/// of that stream is heard then, not even what has arrived already. Views hold until the call
/// returns.
class StreamHandler : public StateHandler {
 public:
  virtual void on_event(const sse::Event& event) = 0;
  virtual void on_comment(std::string_view /*text*/) {}
  /// An event over the parser's limits, in its place: an update may have been missed.
  virtual void on_skipped(const sse::Skipped& /*skipped*/) {}
  /// The server has named a reconnection time.
  virtual void on_retry(Duration /*delay*/) {}

 protected:
  ~StreamHandler() = default;
};

class StreamShell;

/// Keeps one event stream open until it is closed or has failed for good. Everything happens on the
/// io_context's one thread. For a gateway's stream of registrations see registration_client.hpp.
class StreamClient {
 public:
  /// `handler` must outlive the client. Throws std::invalid_argument with one sentence if the
  /// request can't be made: a URL that is none, a header that is none, a CA file that
  /// can't be read.
  StreamClient(boost::asio::io_context& context, StreamRequest request,
               const StreamClientOptions& options, StreamHandler& handler);
  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;
  /// The handler hears nothing after this.
  ~StreamClient();

  /// Begins; once only.
  void connect();
  /// Ends for good.
  void close();
  /// Drops the stream that is open, or the wait that is under way, and connects at once.
  void restart();

  [[nodiscard]] ConnectionState state() const;

 protected:
  explicit StreamClient(std::shared_ptr<StreamShell> shell);

 private:
  std::shared_ptr<StreamShell> shell_;
};

}  // namespace regstream::client
