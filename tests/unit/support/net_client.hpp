#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

/// A blocking client that can send any bytes.
namespace regstream::net {

class Client {
 public:
  /// `receive_buffer`: the kernel's buffer in bytes; default: the kernel's choice. `address` is the
  /// client's.
  explicit Client(std::uint16_t port, int receive_buffer = 0, const char* address = "127.0.0.1")
      : socket_(context_) {
    socket_.open(boost::asio::ip::tcp::v4());
    socket_.bind({boost::asio::ip::make_address(address), 0});
    if (receive_buffer > 0) {
      socket_.set_option(boost::asio::socket_base::receive_buffer_size(receive_buffer));
    }
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
    // A server that never answers fails the test instead of blocking it.
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  /// Stops silently if the peer has closed: only what it sent before matters.
  void send(std::string_view bytes) {
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
  }

  /// A request without a body, `fields` with their line ends.
  void get(std::string_view target, std::string_view fields = {}) {
    send("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) +
         "\r\n");
  }

  /// Reads until `mark` has come. Returns everything up to its end, and keeps the rest.
  std::string read_until(std::string_view mark) {
    std::size_t found = 0;
    while ((found = received_.find(mark)) == std::string::npos) {
      if (!read_more()) {
        throw std::runtime_error("the stream ended before \"" + std::string(mark) +
                                 "\"; it said: " + received_);
      }
    }
    std::string text = received_.substr(0, found + mark.size());
    received_.erase(0, text.size());
    return text;
  }

  /// Reads a response's head. Later reads give the body, without its chunks' framing if it is
  /// chunked; `has_whole_body` distinguishes an end from a cut.
  std::string read_head() {
    std::string head = read_until("\r\n\r\n");
    is_chunked_ = head.find("Transfer-Encoding: chunked\r\n") != std::string::npos;
    if (is_chunked_) {
      chunks_ = std::exchange(received_, {});
      take_chunks();
    }
    return head;
  }

  [[nodiscard]] bool has_whole_body() const { return has_whole_body_; }
  /// What each chunk of the body held, so far.
  [[nodiscard]] const std::vector<std::string>& chunks() const { return whole_chunks_; }

  /// Reads one answer with a Content-Length: its head and its body.
  std::string read_response() {
    std::string text = read_until("\r\n\r\n");
    const std::size_t field = text.find("Content-Length: ");
    if (field != std::string::npos) {
      const std::size_t length = std::stoul(text.substr(field + 16));
      while (received_.size() < length && read_more()) {
      }
      text += received_.substr(0, length);
      received_.erase(0, length);
    }
    return text;
  }

  /// Reads until the server closes.
  std::string read_to_end() {
    while (read_more()) {
    }
    return std::exchange(received_, {});
  }

  void close() { socket_.close(); }

 private:
  // recv, because Asio's own blocking read ignores SO_RCVTIMEO. False at the end.
  bool read_more() {
    std::array<char, 65'536> bytes;
    const ssize_t count = ::recv(socket_.native_handle(), bytes.data(), bytes.size(), 0);
    if (count < 0 && errno != ECONNRESET) {
      throw std::runtime_error("the server said nothing for 20 s, after: " + received_);
    }
    if (count <= 0) {
      return false;
    }
    (is_chunked_ ? chunks_ : received_).append(bytes.data(), static_cast<std::size_t>(count));
    take_chunks();
    return true;
  }

  // Whole chunks only, as some clients read them (RFC 9112, 7.1).
  void take_chunks() {
    std::size_t end = 0;
    while ((end = chunks_.find("\r\n")) != std::string::npos) {
      const std::size_t size = std::stoul(chunks_, nullptr, 16);
      const std::size_t length = end + 2 + size + 2;
      if (chunks_.size() < length) {
        return;
      }
      if (has_whole_body_ || chunks_.compare(length - 2, 2, "\r\n") != 0) {
        throw std::runtime_error("the body's chunks are malformed: " + chunks_);
      }
      has_whole_body_ = size == 0;
      whole_chunks_.push_back(chunks_.substr(end + 2, size));
      received_ += whole_chunks_.back();
      chunks_.erase(0, length);
    }
  }

  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
  std::string received_;
  bool is_chunked_ = false;
  std::string chunks_;  // Of which no whole one has come.
  std::vector<std::string> whole_chunks_;
  bool has_whole_body_ = false;
};

/// The status of an answer: 200.
inline int status_of(std::string_view response) {
  return response.starts_with("HTTP/1.1 ") ? std::stoi(std::string(response.substr(9, 3))) : 0;
}

}  // namespace regstream::net
