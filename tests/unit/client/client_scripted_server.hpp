#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

namespace regstream::client {

/// What a scripted server does with one connection, once it has read the request's header and as
/// much of a body as `body_bytes` says.
struct Answer {
  std::vector<std::string> pieces;  ///< Any bytes, written one by one.
  enum class Then : std::uint8_t { close, reset, hold } then = Then::close;
  std::size_t body_bytes = 0;
};

/// An event stream's header, for a body that ends with the connection.
inline const std::string stream_header =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

/// The same for a chunked body.
inline const std::string chunked_header =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A server on the test's own io_context: its n-th connection gets the n-th answer, and every
/// connection after the last one is held open without a byte.
class ScriptedServer {
 public:
  ScriptedServer(boost::asio::io_context& context, std::vector<Answer> answers)
      : answers_(std::move(answers)),
        acceptor_(context, {boost::asio::ip::address_v4::loopback(), 0}) {
    accept();
  }

  [[nodiscard]] std::string authority() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  [[nodiscard]] std::string url(const std::string& target = "/stream") const {
    return "http://" + authority() + target;
  }

  /// One more answer, for the connection after those that have one already.
  void add(Answer answer) { answers_.push_back(std::move(answer)); }

  /// The requests, in order.
  std::vector<std::string> requests;
  /// Connections that the client has closed, while they were held.
  int closed_by_client = 0;

 private:
  struct Peer {
    explicit Peer(boost::asio::ip::tcp::socket accepted) : socket(std::move(accepted)) {}
    boost::asio::ip::tcp::socket socket;
    std::string received;
    Answer answer;
    std::size_t next_piece = 0;
    char drain = 0;
  };
  using ErrorCode = boost::system::error_code;

  void accept() {
    acceptor_.async_accept([this](ErrorCode error, boost::asio::ip::tcp::socket socket) {
      if (error) {
        return;
      }
      auto peer = std::make_shared<Peer>(std::move(socket));
      peer->answer = connections_ < answers_.size() ? answers_[connections_]
                                                    : Answer{.pieces = {}, .then = hold};
      ++connections_;
      read(peer);
      accept();
    });
  }

  void read(const std::shared_ptr<Peer>& peer) {
    boost::asio::async_read_until(
        peer->socket, boost::asio::dynamic_buffer(peer->received), "\r\n\r\n",
        [this, peer](ErrorCode error, std::size_t header) {
          if (error) {
            return;
          }
          const std::size_t size = header + peer->answer.body_bytes;
          if (peer->received.size() < size) {
            const std::size_t begin = peer->received.size();
            peer->received.resize(size);
            boost::asio::async_read(
                peer->socket, boost::asio::buffer(peer->received.data() + begin, size - begin),
                [this, peer](ErrorCode body_error, std::size_t) {
                  if (!body_error) {
                    answer(peer);
                  }
                });
          } else {
            answer(peer);
          }
        });
  }

  void answer(const std::shared_ptr<Peer>& peer) {
    requests.push_back(peer->received);
    write(peer);
  }

  void write(const std::shared_ptr<Peer>& peer) {
    if (peer->next_piece < peer->answer.pieces.size()) {
      const std::string& piece = peer->answer.pieces[peer->next_piece++];
      boost::asio::async_write(peer->socket, boost::asio::buffer(piece),
                               [this, peer](ErrorCode error, std::size_t) {
                                 if (!error) {
                                   write(peer);
                                 }
                               });
      return;
    }
    ErrorCode ignored;
    if (peer->answer.then == hold) {
      boost::asio::async_read(peer->socket, boost::asio::buffer(&peer->drain, 1),
                              [this, peer](ErrorCode, std::size_t) { ++closed_by_client; });
    } else {
      if (peer->answer.then == Answer::Then::reset) {
        peer->socket.set_option(boost::asio::socket_base::linger(true, 0), ignored);
      }
      peer->socket.close(ignored);
    }
  }

  static constexpr Answer::Then hold = Answer::Then::hold;

  std::vector<Answer> answers_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::size_t connections_ = 0;
};

}  // namespace regstream::client
