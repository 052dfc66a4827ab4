#include "net/server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <new>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "log/log.hpp"
#include "net/common_fields.hpp"
#include "net/session.hpp"
#include "net/steady_now.hpp"

namespace regstream::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

// How long to wait before accepting again if there is no place, or the system has no descriptor or
// memory left. The connection stays in the listen queue meanwhile.
constexpr std::chrono::milliseconds accept_pause{10};

// How many connections are accepted before others on the loop have their turn. Clients that
// reconnect all at once find room in the system's queue only as fast as this empties it.
constexpr int accepted_max = 16;

// How many unsent bytes the kernel takes for a connection. By default it takes up to 4 MiB for a
// peer that doesn't read. Bytes in flight don't count, so a fast and distant peer can still fill
// its path.
constexpr int unsent_bytes_max = 128 << 10;

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
using UnsentLowWater = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_NOTSENT_LOWAT>;

[[noreturn]] void fail(const ServerOptions& options, const boost::system::error_code& error) {
  const std::string where = "port " + std::to_string(options.port) + " on " + options.address;
  const std::string with = " with " + (options.option.empty() ? "--port" : options.option);
  if (error == asio::error::address_in_use) {
    throw std::runtime_error(where +
                             " is in use: stop the program that uses it, or choose another" + with);
  }
  if (error == asio::error::access_denied) {
    throw std::runtime_error(where + " needs privileges: choose one above 1023" + with);
  }
  throw std::runtime_error("can't listen on " + where + ": " + error.message() +
                           "; choose another with " +
                           (options.option.empty() ? "--address and --port" : options.option));
}

}  // namespace

Server::Server(asio::io_context& context, const Router& router, const ServerOptions& options)
    : acceptor_(context),
      accept_pause_(context),
      set_(std::make_shared<SessionSet>(
          context, router, options.limits, options.allowed_hosts, options.cors,
          ClientPlaces(options.limits, options.trusted_proxies, options.clients),
          RequestLog(options.logs_requests))),
      tls_(options.tls) {
  boost::system::error_code error;
  const auto resolved = tcp::resolver(context).resolve(
      options.address, std::to_string(options.port),
      tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error) {
    fail(options, error);
  }
  endpoint_ = resolved.begin()->endpoint();
  try {
    acceptor_.open(endpoint_.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    if (options.sharing == PortSharing::next) {
      acceptor_.set_option(ReusePort(true));
    }
    acceptor_.bind(endpoint_);
    if (options.sharing == PortSharing::first) {
      // Not before `bind`: otherwise another process that shares the port would be accepted.
      acceptor_.set_option(ReusePort(true));
    }
    // Connections inherit both. Responses and events are written whole, so waiting for more bytes
    // would only delay them.
    acceptor_.set_option(tcp::no_delay(true));
    acceptor_.set_option(UnsentLowWater(unsent_bytes_max));
    acceptor_.listen();
    acceptor_.non_blocking(true);
    endpoint_ = acceptor_.local_endpoint();
  } catch (const boost::system::system_error& failure) {
    fail(options, failure.code());
  }
  wait();
}

Server::~Server() {
  set_->forget_stopped();
}

std::string Server::url() const {
  std::ostringstream text;
  text << (tls_ == nullptr ? "http://" : "https://")
       << endpoint_;  // Asio writes an IPv6 address in brackets.
  return text.str();
}

void Server::stop(std::function<void()> stopped) {
  acceptor_.close();
  accept_pause_.cancel();
  set_->stop(std::move(stopped));
}

void Server::wait() {
  acceptor_.async_wait(tcp::acceptor::wait_read, [this](const boost::system::error_code& error) {
    if (!error && acceptor_.is_open()) {
      on_connection();
    }
  });
}

void Server::on_connection() {
  // After a restart all clients reconnect at once.
  if (!set_->has_place() && !set_->evict() && !set_->is_answering_all()) {
    pause();  // The connection waits in the system's queue until a session's grace is over.
    return;
  }
  boost::system::error_code error;
  tcp::endpoint peer;
  std::optional<tcp::socket> socket = accept(peer, error);
  if (error && error != asio::error::would_block && error != asio::error::connection_aborted &&
      !(error == asio::error::no_descriptors && set_->evict())) {
    pause();
    logging::warn("accept", "can't accept a connection: {}", error.message());
    return;
  }
  wait();  // First, so that the server goes on accepting whatever fails for these connections.
  for (int accepted = 1; socket; ++accepted) {
    admit(*std::move(socket), peer.address());
    if (accepted == accepted_max || !set_->has_place()) {
      return;
    }
    socket = accept(peer, error);  // A failure here repeats in the next turn, and counts then.
  }
}

std::optional<tcp::socket> Server::accept(tcp::endpoint& peer, boost::system::error_code& error) {
  try {
    tcp::socket socket = acceptor_.accept(peer, error);
    return error ? std::nullopt : std::optional(std::move(socket));
  } catch (const std::bad_alloc&) {
    error = asio::error::no_memory;
    return std::nullopt;
  }
}

void Server::pause() {
  accept_pause_.expires_after(accept_pause);
  accept_pause_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) {
      wait();
    }
  });
}

void Server::admit(tcp::socket socket, const asio::ip::address& peer) {
  ClientPlaces& places = set_->places();
  const std::optional<ClientAddress> client = places.client_at(peer);
  std::optional<ClientPlace> place = client ? set_->find_place(*client) : ClientPlace();
  if (!place) {
    ++places.refused.at_client_limit;
    // Not its address: that is personal data, which no log line has.
    logging::warn("client at the limit",
                  "a client has reached its limit of connections, and new ones get 429; if it is a "
                  "proxy, name it with --trusted-proxy");
    refuse(socket, http::status::too_many_requests);
    return;
  }
  if (!set_->has_place()) {
    ++places.refused.at_server_limit;
    refuse(socket, http::status::service_unavailable);
    return;
  }
  std::unique_ptr<TlsSession> tls =
      tls_ == nullptr ? nullptr : tls_->accept(socket.native_handle());
  std::make_shared<Session>(Transport(std::move(socket), std::move(tls)), peer, *std::move(place),
                            set_)
      ->start();
}

// Refuses a connection that gets no session. First it reads what has arrived of the request:
// otherwise the close would reset the connection, and the client might never see the response. With
// TLS it sends nothing, because a response would need a handshake, for which there is no room.
void Server::refuse(tcp::socket& socket, http::status status) {
  if (tls_ != nullptr) {
    return;
  }
  const Instant now = steady_now();
  const std::string answer = "HTTP/1.1 " + std::to_string(static_cast<unsigned>(status)) + " " +
                             std::string(http::obsolete_reason(status)) + "\r\n" +
                             common_field_lines() +
                             "Retry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  boost::system::error_code ignored;
  std::array<char, 4096> unread;
  socket.non_blocking(true, ignored);
  socket.read_some(asio::buffer(unread), ignored);
  // The response fits into the empty send buffer.
  const std::size_t sent = socket.write_some(asio::buffer(answer), ignored);
  set_->requests().answered({.began = now}, status, sent, sent == answer.size(), now);
}

}  // namespace regstream::net
