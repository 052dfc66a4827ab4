#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <regstream/broker/broker.hpp>
#include <regstream/random.hpp>
#include <regstream/time.hpp>

#include "gateway/health.hpp"
#include "gateway/history_log.hpp"
#include "gateway/stream_connection.hpp"
#include "hub/hub.hpp"
#include "net/router.hpp"
#include "net/server.hpp"

/// The gateway: event streams of what the broker carries.
namespace regstream::gateway {

struct GatewayOptions {
  hub::HubOptions hub = {};
  /// For /api/health: "embedded" or "redis".
  std::string broker_kind = "embedded";
  /// For /api/health: the program's.
  std::string version = {};
  /// One more is answered 503. Leaves descriptors for requests (`net::ServerLimits::sessions_max`).
  std::size_t streams_max = 16'384;
  /// For /api/health: the server's. Empty: none.
  std::function<net::RefusedConnections()> connections_refused = {};
  /// Spreads the clients' return after a shutdown; differs between processes.
  std::uint64_t seed = 0;
};

/// Wires a hub to sockets, to the broker, and to the clocks. Everything happens on the io_context's
/// one thread.
class Gateway : private StreamConnection::Owner, private broker::Subscriber {
 public:
  /// Hears `broker`, which works on the same io_context, from now on. Both must outlive the
  /// gateway.
  Gateway(boost::asio::io_context& context, broker::Broker& broker, GatewayOptions options);
  /// Closes every stream. The broker must not call any more: `context` has ended.
  ~Gateway() override;

  /// Adds `GET` of `/api/registrations/updates/stream`, `/livez`, `/readyz` and `/api/health`.
  void add_routes(net::Router& router);

  /// Tells every client when to come back, and ends its stream; refuses new ones. `drained` is
  /// called when the last has gone: a peer that does not read may keep its stream for as long as it
  /// likes.
  void drain(std::function<void()> drained);

 private:
  [[nodiscard]] HealthFacts health_facts() const;

  void on_history(EventId position) override;
  void on_message(EventId id, std::string_view message) override;
  void on_live() override;
  void on_caught_up() override;

  void open_stream(net::Exchange exchange);

  void schedule_flush();
  void flush();
  void write(StreamConnection& connection);
  [[nodiscard]] bool write_turn(StreamConnection& connection);
  void end_stream(StreamConnection& connection);
  void arm_timer();

  void on_writable(StreamConnection& connection) override;
  void on_peer_closed(StreamConnection& connection) override;

  boost::asio::io_context& context_;
  broker::Broker& broker_;
  GatewayOptions options_;
  Random random_;
  hub::Hub hub_;
  HistoryLog history_log_;
  const Instant started_;
  const std::int64_t started_timestamp_ms_;
  std::uint64_t streams_refused_ = 0;
  std::optional<std::int64_t> published_timestamp_ms_;  // When the last new message was heard,
  std::optional<std::int64_t> delivered_timestamp_ms_;  // and one was last given to a socket.
  std::vector<StreamConnectionPtr> connections_;        // By the subscription's slot.
  std::size_t unflushed_bytes_ = 0;
  bool flush_is_scheduled_ = false;
  boost::asio::steady_timer timer_;
  std::optional<Instant> armed_;  // When the timer goes off.
  bool is_draining_ = false;
  std::function<void()> drained_;
};

}  // namespace regstream::gateway
