#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "net/tls_session.hpp"

namespace regstream::net {

/// A connection's bytes: a socket, with or without TLS. Beast reads and writes both as one stream.
///
/// Must not move during an operation. With TLS there is one operation at a time.
class Transport {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using executor_type = Socket::executor_type;

  /// `tls` is on `socket`; null: in the clear.
  explicit Transport(Socket socket, std::unique_ptr<TlsSession> tls = nullptr)
      : socket_(std::move(socket)), tls_(std::move(tls)) {}

  [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }
  [[nodiscard]] Socket& socket() { return socket_; }
  /// Null: in the clear.
  [[nodiscard]] TlsSession* tls() const { return tls_.get(); }
  /// Continues without TLS.
  void drop_tls() { tls_.reset(); }

  /// The first and the last step of `tls()`.
  template <typename Handler>
  void async_handshake(Handler&& handler) {
    run([](TlsSession& tls) { return tls.handshake(); }, std::forward<Handler>(handler));
  }
  template <typename Handler>
  void async_shut_down(Handler&& handler) {
    run([](TlsSession& tls) { return tls.shut_down(); }, std::forward<Handler>(handler));
  }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (!tls_) {
      socket_.async_read_some(buffers, std::forward<Handler>(handler));
      return;
    }
    const boost::asio::mutable_buffer into = *boost::asio::buffer_sequence_begin(buffers);
    run(
        [into](TlsSession& tls) {
          return tls.read({static_cast<char*>(into.data()), into.size()});
        },
        std::forward<Handler>(handler));
  }

  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (!tls_) {
      socket_.async_write_some(buffers, std::forward<Handler>(handler));
      return;
    }
    // Head and body of a response go out as one record. A retry copies them again.
    run(
        [buffers](TlsSession& tls) {
          std::array<char, TlsSession::record_bytes_max> record;  // Not zeroed.
          const std::size_t size = boost::asio::buffer_copy(boost::asio::buffer(record), buffers);
          return tls.write(std::string_view(record.data(), size));
        },
        std::forward<Handler>(handler));
  }

  /// Pending operations end with an error.
  void close() {
    if (tls_) {
      tls_->detach();
    }
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  using ErrorCode = boost::system::error_code;

  /// Tries a step until it is done, and waits for the socket before each retry.
  template <typename Step>
  struct TlsOperation {
    Transport& transport;
    Step step;
    TlsResult result = {};
    bool has_waited = false;
    bool is_over = false;

    template <typename Self>
    void operator()(Self& self, ErrorCode error = {}) {
      if (error) {
        self.complete(error, 0);
        return;
      }
      if (!is_over) {
        result = step(*transport.tls_);
        if (result.step == TlsStep::wants_read || result.step == TlsStep::wants_write) {
          has_waited = true;
          transport.socket_.async_wait(
              result.step == TlsStep::wants_read ? Socket::wait_read : Socket::wait_write,
              std::move(self));
          return;
        }
        is_over = true;
        if (!has_waited) {  // An operation never completes within the call that started it.
          boost::asio::post(transport.get_executor(), std::move(self));
          return;
        }
      }
      self.complete(error_of(result.step), result.bytes);
    }
  };

  static ErrorCode error_of(TlsStep step) {
    switch (step) {
      case TlsStep::done:
        return {};
      case TlsStep::ended:
        return boost::asio::error::eof;
      default:
        return boost::asio::error::connection_reset;
    }
  }

  template <typename Step, typename Handler>
  void run(Step step, Handler&& handler) {
    boost::asio::async_compose<Handler, void(ErrorCode, std::size_t)>(
        TlsOperation<Step>{*this, std::move(step)}, handler, socket_);
  }

  Socket socket_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace regstream::net
