#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <regstream/client/stream_client.hpp>
#include <regstream/connection/connection.hpp>

#include "client/answer_head.hpp"
#include "client/http_url.hpp"
#include "client/trust.hpp"
#include "net/wire.hpp"

namespace regstream::client {

/// One request and its response: resolves the host, connects, does the TLS handshake for https,
/// sends the request, follows redirects, and reads the body to its end. It has no timers: its owner
/// cancels it if it takes too long.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  /// Gets what the attempt brings. Any call may cancel the attempt; there is no call after that.
  class Owner {
   public:
    /// The final response. Its body follows, unless this call cancels the attempt.
    virtual void on_answer(AttemptId attempt, const AnswerHead& answer) = 0;
    /// Bytes of the body. The view is valid during the call.
    virtual void on_bytes(AttemptId attempt, std::string_view bytes) = 0;
    virtual void on_end(AttemptId attempt, TransportEnd end, StreamFailure failure) = 0;

   protected:
    ~Owner() = default;
  };

  /// `request`, `trust` and `owner` must outlive the attempt, or its `cancel`. It accepts what the
  /// request's Accept header says, or else an event stream.
  Attempt(boost::asio::io_context& context, Owner& owner, AttemptId id,
          const StreamRequest& request, const HttpUrl& url, Trust& trust,
          const StreamLimits& limits, std::string last_event_id);

  void start();
  /// Closes the socket. The owner is not called any more.
  void cancel();

 private:
  using ErrorCode = boost::system::error_code;
  using Resolved = boost::asio::ip::tcp::resolver::results_type;

  void connect();
  void on_resolved(ErrorCode error, const Resolved& found);
  void on_connected(ErrorCode error);
  void secure();
  void ask();
  void read_header();
  void on_header(ErrorCode error);
  void on_answer();
  /// Nothing if the redirect is followed; otherwise the reason why it can't be.
  [[nodiscard]] std::optional<std::string> follow(unsigned status);
  void read_body();
  void on_body(ErrorCode error);
  void fail(StreamFailureKind kind, const std::string& what);
  void fail_reading(ErrorCode error);

  Owner* owner_;  // Null once cancelled.
  AttemptId id_;
  const StreamRequest* request_;
  const HttpUrl origin_;
  Trust* trust_;
  StreamLimits limits_;
  std::string last_event_id_;

  std::optional<boost::asio::ip::tcp::resolver> resolver_;  ///< Empty once cancelled.
  boost::asio::io_context* context_;
  std::optional<net::Wire> wire_;  ///< The connection to the server of `url_`.
  HttpUrl url_;
  int redirects_ = 0;
  int interim_answers_ = 0;
  bool left_origin_ =
      false;  // Once true, it stays true, even if a stranger redirects back to the origin.
  bool drops_body_ = false;
  boost::beast::http::request<boost::beast::http::string_body> outgoing_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::response_parser<boost::beast::http::buffer_body>> parser_;
  std::array<char, 16'384> chunk_{};
};

}  // namespace regstream::client
