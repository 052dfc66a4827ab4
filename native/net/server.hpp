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

/// Whether several servers of this process, each on its own loop, share one address. The system
/// spreads new connections over them (SO_REUSEPORT).
enum class PortSharing : std::uint8_t {
  none,
  first,  ///< Listens before the others. The port must be free, also of sockets of other processes
          ///< that share it.
  next,   ///< Joins the first one at its port.
};

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< A numeric address, or a name that resolves to one.
  std::uint16_t port = 8080;          ///< 0: any free one.
  ServerLimits limits = {};
  /// Hosts whose requests are answered (`check_request_origin`). Nothing: all hosts, for a server
  /// that plays another one.
  std::optional<AllowedHosts> allowed_hosts = AllowedHosts();
  Cors cors = {};
  /// Credentials for https; must outlive the server. Null: http.
  const TlsCredentials* tls = nullptr;
  /// Proxies that are trusted to say where a request comes from (`find_client`).
  AddressBlocks trusted_proxies = {};
  /// Counts each client's connections over all servers that share it. Null: this server counts by
  /// itself.
  std::shared_ptr<ClientCounts> clients = {};
  PortSharing sharing = PortSharing::none;
  /// The option that chose address and port, for errors. Empty: `--address` and `--port`.
  std::string option = {};
  /// Whether the log has a line for each answer.
  bool logs_requests = false;
};

/// Listens, and gives requests to a router. Everything happens on the io_context's one thread; only
/// `Exchange::respond` may be called on other threads.
class Server {
 public:
  /// Starts to listen. `router` must outlive the io_context's handlers. If it can't listen, throws
  /// std::runtime_error with one sentence that says what to do.
  Server(boost::asio::io_context& context, const Router& router, const ServerOptions& options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// `stopped` is not called after this.
  ~Server();

  [[nodiscard]] std::uint16_t port() const { return endpoint_.port(); }
  /// "http://127.0.0.1:8080", or https.
  [[nodiscard]] std::string url() const;

  /// Open connections that are not streams.
  [[nodiscard]] std::size_t sessions() const { return set_->sessions(); }
  [[nodiscard]] const ServerLimits& limits() const { return set_->limits(); }
  /// Since the start.
  [[nodiscard]] const RefusedConnections& refused() const { return set_->places().refused; }

  [[nodiscard]] const RequestLog::Counts& answers() const { return set_->requests().answers(); }

  /// Stops accepting connections. Closes idle ones at once, and the others after their response.
  /// Calls `stopped` when none is left.
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
