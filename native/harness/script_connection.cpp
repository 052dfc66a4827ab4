#include "harness/script_connection.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>

namespace regstream::harness {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// The largest jump of virtual time sends 2 MB of pings, and a scenario 1 MB. More waits only if the
// client doesn't read.
constexpr std::size_t unsent_bytes_max = 8U << 20U;

// A stream's client has nothing more to send.
constexpr std::size_t discarded_bytes_max = 1U << 20U;

// Time limit for the client to read the rest and close. Then the socket is closed.
constexpr std::chrono::seconds linger_max{10};

}  // namespace

ScriptConnection::ScriptConnection(tcp::socket socket, Events events)
    : socket_(std::move(socket)), linger_(socket_.get_executor()), events_(std::move(events)) {}

void ScriptConnection::start() {
  read();
}

void ScriptConnection::send(std::string bytes) {
  if (has_ended_ || finish_ != Finish::none || bytes.empty()) {
    return;
  }
  unsent_bytes_ += bytes.size();
  unsent_.push_back(std::move(bytes));
  if (unsent_bytes_ > unsent_bytes_max) {
    drop();
    events_.too_slow();
    return;
  }
  write();
}

void ScriptConnection::close() {
  finish_ = Finish::close;
  limit_finish();
  write();
}

void ScriptConnection::abort() {
  finish_ = Finish::abort;
  limit_finish();
  write();
}

void ScriptConnection::drop() {
  has_ended_ = true;
  unsent_.clear();
  linger_.cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void ScriptConnection::write() {
  if (is_writing_ || has_ended_) {
    return;
  }
  if (unsent_.empty()) {
    finish();
    return;
  }
  is_writing_ = true;
  // The buffer moves into the handler, because `drop` may empty the queue while the system still
  // reads it.
  auto bytes = std::make_shared<const std::string>(std::move(unsent_.front()));
  unsent_.pop_front();
  asio::async_write(socket_, asio::buffer(*bytes),
                    [self = shared_from_this(), bytes](const boost::system::error_code& error,
                                                       std::size_t /*size*/) {
                      self->is_writing_ = false;
                      self->unsent_bytes_ -= bytes->size();
                      // A failed write also fails the pending read, which reports it.
                      if (!error) {
                        self->write();
                      }
                    });
}

void ScriptConnection::read() {
  socket_.async_read_some(
      asio::buffer(unwanted_),
      [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
        if (self->has_ended_) {
          return;
        }
        self->discarded_bytes_ += size;
        if (!error && self->discarded_bytes_ <= discarded_bytes_max) {
          self->read();
          return;
        }
        const bool is_news = self->finish_ == Finish::none;
        self->drop();
        if (is_news) {
          self->events_.peer_closed();
        }
      });
}

void ScriptConnection::limit_finish() {
  linger_.expires_after(linger_max);
  linger_.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
    if (!cancelled) {
      self->drop();
    }
  });
}

void ScriptConnection::finish() {
  boost::system::error_code ignored;
  if (finish_ == Finish::abort) {
    // A close with a linger time of zero is a reset (RFC 9293, 3.10.4: ABORT).
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    drop();
  } else if (finish_ == Finish::close) {
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }
}

}  // namespace regstream::harness
