#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace regstream::test {

/// A proxy to a loopback port that can be stalled: nothing arrives then in either direction, and
/// neither side notices. Runs on a thread of its own.
class HeldPath {
 public:
  explicit HeldPath(std::uint16_t port) : port_(port) {
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  HeldPath(const HeldPath&) = delete;
  HeldPath& operator=(const HeldPath&) = delete;
  ~HeldPath() {
    context_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void hold() {
    run([this] { is_held_ = true; });
  }
  void release() {
    run([this] {
      is_held_ = false;
      for (const auto& go_on : std::exchange(held_, {})) {
        go_on();
      }
    });
  }

 private:
  using Socket = boost::asio::ip::tcp::socket;

  struct Pipe {
    Socket near;
    Socket far;
    std::array<std::array<char, 16'384>, 2> bytes;
  };
  using PipePtr = std::shared_ptr<Pipe>;

  void run(const std::function<void()>& action) {
    std::promise<void> done;
    boost::asio::post(context_, [&action, &done] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }

  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, Socket near) {
      if (error) {
        return;
      }
      const auto pipe = std::make_shared<Pipe>(Pipe{std::move(near), Socket(context_), {}});
      boost::system::error_code refused;
      pipe->far.connect({boost::asio::ip::address_v4::loopback(), port_}, refused);
      if (!refused) {
        carry(pipe, pipe->near, pipe->far, 0);
        carry(pipe, pipe->far, pipe->near, 1);
      }
      accept();
    });
  }

  void carry(const PipePtr& pipe, Socket& from, Socket& to, std::size_t direction) {
    from.async_read_some(
        boost::asio::buffer(pipe->bytes[direction]),
        [=, this, &from, &to](const boost::system::error_code& error, std::size_t count) {
          const auto pass = [=, this, &from, &to] {
            boost::system::error_code closed = error;
            if (!closed) {
              boost::asio::write(to, boost::asio::buffer(pipe->bytes[direction], count), closed);
            }
            if (closed) {
              pipe->near.close(closed);
              pipe->far.close(closed);
              return;
            }
            carry(pipe, from, to, direction);
          };
          if (is_held_) {
            held_.emplace_back(pass);
          } else {
            pass();
          }
        });
  }

  boost::asio::io_context context_{1};
  boost::asio::ip::tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  const std::uint16_t port_;
  bool is_held_ = false;
  std::vector<std::function<void()>> held_;
  std::thread thread_;
};

}  // namespace regstream::test
