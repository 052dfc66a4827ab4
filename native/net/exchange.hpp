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

/// The request target, taken apart and percent-decoded.
struct Target {
  /// Host and port of the absolute form, as sent: they stand in for the Host field (RFC 9112,
  /// 3.2.2). Nothing in origin form.
  std::optional<std::string> authority;
  /// The path, split at its slashes before it is decoded, so that an encoded slash splits nothing:
  /// "/a%2Fb/" is "a/b" and "". Empty only for a target that has no path, or is invalid.
  std::vector<std::string> segments;
  std::multimap<std::string, std::string, std::less<>> query;
};

struct CorsFields;

/// A connection that its handler answers by hand (a stream). Whoever has it gives its client's
/// place back with the socket, and says in `entry` what it sends, and why it ends.
struct TakenConnection {
  Transport transport;
  ClientPlace place;
  StreamEntryPtr entry;
};

/// A request that waits for its answer. Move-only; answered exactly once, from any thread. One that
/// is destroyed unanswered answers 500, so that no client hangs on a forgotten branch.
class Exchange {
 public:
  /// The connection behind an exchange (the server's session; in tests a recorder).
  class Connection {
   public:
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection() = default;
    /// Sends the answer; callable from any thread.
    virtual void send(Response response) = 0;
    /// Gives the connection away; call on the server's thread only.
    virtual TakenConnection release() = 0;
    /// The request goes by the route of this pattern, which holds as long as the router. Called on
    /// the server's thread, before there is an answer.
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
  /// The value of a `{name}` in the route's pattern; empty if there is none.
  [[nodiscard]] std::string_view path_parameter(std::string_view name) const;

  /// Answers. Version, keep-alive and what `complete_response` sets are filled in here.
  void respond(Response response);
  /// Answers with a JSON text.
  void respond_json(boost::beast::http::status status, std::string json);

  /// What the answer has for pages of other origins; null: nothing. `respond` has it set: this is
  /// for a head that is written by hand. Holds as long as the server; not once answered.
  [[nodiscard]] const CorsFields* cors() const { return connection_->cors(); }
  /// Takes the connection itself, to answer by hand. On the server's thread only.
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
