#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <regstream/time.hpp>

#include "access/token_limits.hpp"
#include "hub/outbox.hpp"
#include "hub/stream_pump.hpp"
#include "net/exchange.hpp"

namespace regstream::gateway {

/// The socket of one stream. It is small, because there are many and most of them wait: no buffer,
/// no timer. The bytes to send are in the subscription's outbox.
///
/// Use it on the io_context's thread only. Its pending waits keep it alive. After `close` it
/// reports nothing.
class StreamConnection
    : public boost::intrusive_ref_counter<StreamConnection, boost::thread_unsafe_counter> {
 public:
  /// Gets what happens to the socket; must live until `close`.
  class Owner {
   public:
    Owner() = default;
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    virtual ~Owner() = default;
    /// The socket can take more bytes.
    virtual void on_writable(StreamConnection& connection) = 0;
    /// The peer has gone, or sent more than the reader of a stream has any reason to send.
    virtual void on_peer_closed(StreamConnection& connection) = 0;
  };

  /// `head`, the response's head, is sent first and must outlive the connection. If the peer
  /// acknowledges nothing for `peer_timeout`, the kernel gives it up. Otherwise the kernel would
  /// try for a quarter of an hour.
  StreamConnection(net::TakenConnection connection, std::string_view head,
                   hub::SubscriptionId subscription, Duration peer_timeout, Owner& owner);

  [[nodiscard]] hub::SubscriptionId subscription() const { return subscription_; }

  /// Keeps the stream's place and its token's place until the socket closes.
  void keep(hub::StreamPlace place, access::TokenPlace token_place) {
    stream_place_ = std::move(place);
    token_place_ = std::move(token_place);
  }

  /// Starts to watch for the peer's close.
  void start();
  /// Sends the head and `outbox`, as far as the socket takes them.
  hub::Written write(hub::Outbox& outbox);
  /// Lets other streams have their turn first. `on_writable` follows, but not before theirs.
  void write_later();
  /// `end` goes to the log.
  void close(hub::StreamEnd end);

 private:
  hub::Written write_tls(hub::Outbox& outbox);
  void consume(hub::Outbox& outbox, std::size_t sent);
  void wait_for_peer();
  bool discard_input();
  bool discard_tls_input();

  net::Transport transport_;
  // Until the socket closes.
  net::ClientPlace place_;
  hub::StreamPlace stream_place_;
  access::TokenPlace token_place_;
  net::StreamEntryPtr entry_;
  std::string_view unsent_head_;
  Owner* owner_;  // Null once closed.
  hub::SubscriptionId subscription_;
  std::uint32_t discarded_ = 0;
  bool waits_for_room_ = false;
};

using StreamConnectionPtr = boost::intrusive_ptr<StreamConnection>;

}  // namespace regstream::gateway
