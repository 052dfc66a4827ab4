#include "gateway/stream_connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <memory_resource>
#include <string_view>
#include <utility>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/buffer.hpp>

namespace regstream::gateway {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// How many buffers one system call takes on Linux (IOV_MAX). Asio's own writes take 64, a fifth of
// an outbox of ordinary updates.
constexpr std::size_t buffers_max = 1024;

// The reader of a stream has nothing to send. A few bytes are dropped (a pipelined request); more
// is an abuse.
constexpr std::uint32_t discarded_bytes_max = 4096;

// Collects the head and the oldest frames, as far as they fit. Returns their size.
std::size_t fill(std::array<char, net::TlsSession::record_bytes_max>& record, std::string_view head,
                 const hub::Outbox& outbox) {
  std::size_t size = head.copy(record.data(), record.size());
  std::size_t skip = outbox.sent_of_first();
  for (const hub::FramePtr& frame : outbox.frames()) {
    if (size == record.size()) {
      break;
    }
    const std::string_view bytes = outbox.wire_bytes(*frame).substr(std::exchange(skip, 0));
    size += bytes.copy(record.data() + size, record.size() - size);
  }
  return size;
}

using UserTimeout = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;

}  // namespace

StreamConnection::StreamConnection(net::TakenConnection connection, std::string_view head,
                                   hub::SubscriptionId subscription, Duration peer_timeout,
                                   Owner& owner)
    : transport_(std::move(connection.transport)),
      place_(std::move(connection.place)),
      entry_(std::move(connection.entry)),
      unsent_head_(head),
      owner_(&owner),
      subscription_(subscription) {
  // A socket that is already broken fails at the first write.
  boost::system::error_code ignored;
  transport_.socket().non_blocking(true, ignored);
  transport_.socket().set_option(UserTimeout(static_cast<int>(peer_timeout.count())), ignored);
}

void StreamConnection::start() {
  wait_for_peer();
}

hub::Written StreamConnection::write(hub::Outbox& outbox) {
  if (waits_for_room_) {
    return hub::Written::waiting;
  }
  if (transport_.tls() != nullptr) {
    return write_tls(outbox);
  }
  while (!unsent_head_.empty() || !outbox.empty()) {
    std::array<iovec, buffers_max> buffers;  // Not zeroed, because it has 16 KiB.
    std::size_t count = 0;
    const auto append = [&](std::string_view bytes) {
      // The call does not write through the pointer.
      buffers[count++] = {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
    };
    if (!unsent_head_.empty()) {
      append(unsent_head_);
    }
    std::size_t skip = outbox.sent_of_first();
    for (const hub::FramePtr& frame : outbox.frames()) {
      if (count == buffers_max) {
        break;
      }
      append(outbox.wire_bytes(*frame).substr(std::exchange(skip, 0)));
    }

    msghdr message{};
    message.msg_iov = buffers.data();
    message.msg_iovlen = count;
    const ssize_t result = ::sendmsg(transport_.socket().native_handle(), &message, MSG_NOSIGNAL);
    if (result < 0 && errno == EINTR) {
      continue;
    }
    if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      write_later();
      return hub::Written::waiting;
    }
    if (result < 0) {
      return hub::Written::failed;
    }
    consume(outbox, static_cast<std::size_t>(result));
  }
  return hub::Written::everything;
}

// One record at a time, from a copy, because TLS doesn't take several buffers. A record that must
// wait is retried with the same bytes, because an outbox grows only at its end.
hub::Written StreamConnection::write_tls(hub::Outbox& outbox) {
  const auto written = [this](net::TlsStep step) {
    if (step == net::TlsStep::wants_write) {
      write_later();
      return hub::Written::waiting;
    }
    return step == net::TlsStep::done ? hub::Written::everything : hub::Written::failed;
  };
  while (!unsent_head_.empty() || !outbox.empty()) {
    std::array<char, net::TlsSession::record_bytes_max> record;  // Not zeroed.
    const std::size_t size = fill(record, unsent_head_, outbox);
    const net::TlsResult result = transport_.tls()->write({record.data(), size});
    if (result.step != net::TlsStep::done) {
      return written(result.step);
    }
    consume(outbox, result.bytes);
  }
  return outbox.is_finished() ? written(transport_.tls()->shut_down().step)
                              : hub::Written::everything;
}

void StreamConnection::consume(hub::Outbox& outbox, std::size_t sent) {
  const std::size_t head_sent = std::min(sent, unsent_head_.size());
  unsent_head_.remove_prefix(head_sent);
  outbox.consume(sent - head_sent);
  if (entry_) {
    entry_->sent(sent);
  }
}

void StreamConnection::close(hub::StreamEnd end) {
  owner_ = nullptr;
  transport_.close();
  place_.reset();
  stream_place_.reset();
  token_place_.reset();
  if (entry_) {
    entry_->ends(hub::name_of(end));
    entry_.reset();
  }
}

void StreamConnection::wait_for_peer() {
  auto handler = [self = StreamConnectionPtr(this)](const boost::system::error_code& error) {
    if (self->owner_ == nullptr) {
      return;
    }
    bool goes_on = false;
    try {
      goes_on = !error && self->discard_input();
      if (goes_on) {
        self->wait_for_peer();
      }
    } catch (const std::exception&) {
      goes_on = false;  // No memory for the wait: only this stream ends.
    }
    if (!goes_on) {
      self->owner_->on_peer_closed(*self);
    }
  };
  // This wait is most of an idle stream's memory. Asio by itself would reuse the memory block of
  // the accept, which is twice as large.
  std::pmr::polymorphic_allocator<> exactly_fitting(std::pmr::new_delete_resource());
  transport_.socket().async_wait(tcp::socket::wait_read,
                                 asio::bind_allocator(exactly_fitting, std::move(handler)));
}

// False if the peer has closed, or has sent too much.
bool StreamConnection::discard_input() {
  if (transport_.tls() != nullptr) {
    return discard_tls_input();
  }
  std::array<char, 1024> unwanted;
  boost::system::error_code error;
  while (!error && discarded_ <= discarded_bytes_max) {
    discarded_ +=
        static_cast<std::uint32_t>(transport_.socket().read_some(asio::buffer(unwanted), error));
  }
  return error == asio::error::would_block;
}

// A record without content, such as a new key, counts as one byte, so that no record is free.
bool StreamConnection::discard_tls_input() {
  std::array<char, 1024> unwanted;
  net::TlsResult result{.step = net::TlsStep::done};
  while (result.step == net::TlsStep::done && discarded_ <= discarded_bytes_max) {
    result = transport_.tls()->read(unwanted);
    discarded_ += std::max<std::uint32_t>(1, static_cast<std::uint32_t>(result.bytes));
  }
  return result.step == net::TlsStep::wants_read || result.step == net::TlsStep::wants_write;
}

void StreamConnection::write_later() {
  waits_for_room_ = true;
  transport_.socket().async_wait(
      tcp::socket::wait_write,
      [self = StreamConnectionPtr(this)](const boost::system::error_code& error) {
        self->waits_for_room_ = false;
        if (self->owner_ == nullptr) {
          return;
        }
        if (error) {
          self->owner_->on_peer_closed(*self);
        } else {
          self->owner_->on_writable(*self);
        }
      });
}

}  // namespace regstream::gateway
