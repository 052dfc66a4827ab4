#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/client_places.hpp"
#include "net/cors.hpp"
#include "net/request_origin.hpp"
#include "net/router.hpp"
#include "net/server_limits.hpp"
#include "net/session_set.hpp"
#include "net/tls_credentials.hpp"

namespace regstream::net {

/// Whether several servers of this process, each on its own loop, listen at one address: the system
/// spreads new connections over them (SO_REUSEPORT).
enum class PortSharing : std::uint8_t {
  none,
  first,  ///< Listens before the others. The port must be free, of other processes' shares, too.
  next,   ///< Joins it, at its port.
};

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< A numeric address, or a name that resolves to one.
  std::uint16_t port = 8080;          ///< 0: any free one.
  ServerLimits limits = {};
  /// Whose requests are answered (`check_request_origin`). Nothing: anybody's, for a server that
  /// plays somebody else's.
  std::optional<AllowedHosts> allowed_hosts = AllowedHosts();
  Cors cors = {};
  /// What https is spoken with; outlives the server. Null: http.
  const TlsCredentials* tls = nullptr;
  /// Proxies whose word counts for where a request comes from (`find_client`).
  AddressBlocks trusted_proxies = {};
  /// How many connections each client has, of all servers that share this. Null: of this one alone.
  std::shared_ptr<ClientCounts> clients = {};
  PortSharing sharing = PortSharing::none;
  /// The option that chose address and port, for errors. Empty: `--address` and `--port`.
  std::string option = {};
  /// Whether the log has a line for each answer.
  bool logs_requests = false;
};

/// Listens, and answers requests by a router. Everything happens on the io_context's one thread;
/// only `Exchange::respond` may be called elsewhere.
class Server {
 public:
  /// Listens from now on. `router` must outlive the io_context's handlers. Throws
  /// std::runtime_error with one sentence that says what to do if the port can't be had.
  Server(boost::asio::io_context& context, const Router& router, const ServerOptions& options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// No `stopped` is called after this.
  ~Server();

  [[nodiscard]] std::uint16_t port() const { return endpoint_.port(); }
  /// "http://127.0.0.1:8080", or https.
  [[nodiscard]] std::string url() const;

  /// Connections that are no streams, now.
  [[nodiscard]] std::size_t sessions() const { return set_->sessions(); }
  [[nodiscard]] const ServerLimits& limits() const { return set_->limits(); }
  /// So far.
  [[nodiscard]] const RefusedConnections& refused() const { return set_->places().refused; }

  [[nodiscard]] const RequestLog::Counts& answers() const { return set_->requests().answers(); }

  /// Takes no further connections, closes idle ones, and the others after their answer. `stopped`
  /// is called when none is left.
  void stop(std::function<void()> stopped);

 private:
  void wait();
  void on_connection();
  std::optional<boost::asio::ip::tcp::socket> accept(boost::asio::ip::tcp::endpoint& peer,
                                                     boost::system::error_code& error);
  void pause();
  void admit(boost::asio::ip::tcp::socket socket, const boost::asio::ip::address& peer);
  void refuse(boost::asio::ip::tcp::socket& socket, boost::beast::http::status status);

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp::endpoint endpoint_;
  boost::asio::steady_timer accept_pause_;
  std::shared_ptr<SessionSet> set_;
  const TlsCredentials* tls_;
};

}  // namespace regstream::net
