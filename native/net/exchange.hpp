#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "net/client_count.hpp"
#include "net/request_log.hpp"
#include "net/transport.hpp"

/// One HTTP request and the right to answer it.
namespace regstream::net {

using Request = boost::beast::http::request<boost::beast::http::string_body>;
using Response = boost::beast::http::response<boost::beast::http::string_body>;

/// The request target, split and percent-decoded.
struct Target {
  /// Host and port of the absolute form, as sent. They replace the Host field (RFC 9112, 3.2.2).
  /// Nothing in origin form.
  std::optional<std::string> authority;
  /// The path, split at its slashes before it is decoded, so an encoded slash doesn't split:
  /// "/a%2Fb/" is "a/b" and "". Empty only if the target has no path or is invalid.
  std::vector<std::string> segments;
  std::multimap<std::string, std::string, std::less<>> query;
};

struct CorsFields;

/// A connection whose handler writes the response by itself (a stream). The handler keeps `place`
/// as long as the socket, and records in `entry` what it sends and why the stream ends.
struct TakenConnection {
  Transport transport;
  ClientPlace place;
  StreamEntryPtr entry;
};

/// A request, and the right to answer it. Move-only; answer it exactly once, from any thread. If it
/// is destroyed unanswered it answers 500, so that no client waits because of a forgotten branch.
class Exchange {
 public:
  /// The connection behind an exchange: the server's session, or a recorder in tests.
  class Connection {
   public:
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection() = default;
    /// Sends the response. Call it from any thread.
    virtual void send(Response response) = 0;
    /// Gives the connection away. Call it on the server's thread only.
    virtual TakenConnection release() = 0;
    /// The request matched the route of this pattern, which is valid as long as the router. Called
    /// on the server's thread, before the response.
    virtual void set_route(std::string_view /*pattern*/) {}
    /// See `Exchange::cors`.
    [[nodiscard]] virtual const CorsFields* cors() const { return nullptr; }
  };

  Exchange(std::shared_ptr<Connection> connection, Request request, Target target);
  Exchange(Exchange&&) noexcept = default;
  Exchange& operator=(Exchange&&) = delete;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  [[nodiscard]] const Request& request() const { return request_; }
  [[nodiscard]] const Target& target() const { return target_; }
  /// The value of `{name}` in the route's pattern; empty if the pattern has no such name.
  [[nodiscard]] std::string_view path_parameter(std::string_view name) const;

  /// Sends the response. Fills in the version, keep-alive, and what `complete_response` sets.
  void respond(Response response);
  /// Responds with a JSON text.
  void respond_json(boost::beast::http::status status, std::string json);

  /// The response's CORS fields; null: none. `respond` sets them by itself: this is for a head that
  /// is written by hand. Valid as long as the server. Don't call it once answered.
  [[nodiscard]] const CorsFields* cors() const { return connection_->cors(); }
  /// Takes the connection out, to write the response by hand. On the server's thread only.
  [[nodiscard]] TakenConnection take_connection();

 private:
  friend class Router;
  std::shared_ptr<Connection> connection_;  // Null once answered.
  Request request_;
  Target target_;
  std::map<std::string, std::string, std::less<>> path_parameters_;
};

using Handler = std::function<void(Exchange)>;

}  // namespace regstream::net
