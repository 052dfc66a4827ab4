#include "net/server.hpp"

#include <chrono>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "net/common_fields.hpp"

namespace regstream::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// How long to wait before accepting again when the system has no descriptor or memory left: it will
// not have one at once, and the connection stays in the listen queue.
constexpr std::chrono::milliseconds accept_pause{100};

[[noreturn]] void fail(const ServerOptions& options, const boost::system::error_code& error) {
  const std::string where = "port " + std::to_string(options.port) + " on " + options.address;
  if (error == asio::error::address_in_use) {
    throw std::runtime_error(where +
                             " is taken: stop the program that uses it, or choose another "
                             "with --port");
  }
  if (error == asio::error::access_denied) {
    throw std::runtime_error(where + " needs privileges: choose one above 1023 with --port");
  }
  throw std::runtime_error("can't listen on " + where + ": " + error.message() +
                           "; choose another with --address and --port");
}

}  // namespace

Server::Server(asio::io_context& context, const Router& router, const ServerOptions& options)
    : acceptor_(context),
      accept_pause_(context),
      set_(std::make_shared<SessionSet>(router, options.limits, options.allowed_hosts)) {
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
    acceptor_.bind(endpoint_);
    acceptor_.listen();
    endpoint_ = acceptor_.local_endpoint();
  } catch (const boost::system::system_error& failure) {
    fail(options, failure.code());
  }
  accept();
}

Server::~Server() {
  set_->on_empty = nullptr;
}

std::string Server::url() const {
  std::ostringstream text;
  text << "http://" << endpoint_;  // Asio puts an IPv6 address into brackets.
  return text.str();
}

void Server::stop(std::function<void()> stopped) {
  set_->is_stopping = true;
  acceptor_.close();
  accept_pause_.cancel();
  if (set_->sessions.empty()) {
    asio::post(acceptor_.get_executor(), std::move(stopped));
    return;
  }
  set_->on_empty = std::move(stopped);
  for (Session* session : set_->sessions) {
    session->stop();  // Ends later, in a handler: the set does not change under this loop.
  }
}

void Server::accept() {
  acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
    if (!acceptor_.is_open()) {
      return;
    }
    if (!error) {
      take(std::move(socket));
      accept();
      return;
    }
    if (error == asio::error::connection_aborted) {  // The client changed its mind in the queue.
      accept();
      return;
    }
    spdlog::warn("can't accept a connection: {}", error.message());
    accept_pause_.expires_after(accept_pause);
    accept_pause_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) {
        accept();
      }
    });
  });
}

void Server::take(tcp::socket socket) {
  boost::system::error_code ignored;
  const bool is_full = set_->sessions.size() >= set_->limits.sessions_max;
  if (is_full && !set_->waiting.empty()) {
    // Browsers keep connections for later; after a restart all of them come at once.
    set_->waiting.front()->give_way();
  } else if (is_full) {
    static const std::string refusal =
        "HTTP/1.1 503 Service Unavailable\r\n" + common_field_lines() +
        "Retry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(refusal), ignored);  // It fits into the empty send buffer.
    return;
  }
  // Answers and events are written whole: waiting for more would only delay them.
  socket.set_option(tcp::no_delay(true), ignored);
  std::make_shared<Session>(std::move(socket), set_)->start();
}

}  // namespace regstream::net
