#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <regstream/broker/broker.hpp>
#include <regstream/time.hpp>

#include "access/guard.hpp"
#include "gateway/connection_table.hpp"
#include "gateway/history_log.hpp"
#include "gateway/stream_connection.hpp"
#include "gateway/stream_head.hpp"
#include "hub/stream_pump.hpp"
#include "net/router.hpp"

/// The gateway: serves the broker's history as event streams.
namespace regstream::gateway {

/// The path that gives tickets for the streams of `workflow`.
[[nodiscard]] std::string tickets_path(const Workflow& workflow);

/// The streams of one workflow on one loop. Connects a `hub::StreamPump` with sockets, the history,
/// a timer and the clocks. Everything happens on the io_context's one thread.
class Gateway : private StreamConnection::Owner, private broker::Subscriber {
 public:
  /// Subscribes to `history` and serves its workflow. `history` calls on the same io_context; both
  /// must outlive the gateway. `loop` is this loop's place among those of the process: the first
  /// loop logs what all of them find.
  Gateway(boost::asio::io_context& context, broker::Feed& history, hub::StreamPumpOptions options,
          LoopPlace loop = {});
  /// Closes every stream. `context` must have ended, so that nothing calls the gateway any more.
  ~Gateway() override = default;

  /// Adds `GET` of the workflow's `stream_path`, and `POST` of its tickets (`tickets_path`). A
  /// stream carries only what its reader may subscribe to. A request for any other id gets 403.
  void add_to(net::Router& router, const access::Guard& guard);

  /// Ends every stream whose token this key verified (`access::Grant::key`).
  void withdraw(std::uint64_t key);

  /// `hub::StreamPump::refuse_new`.
  void refuse_new() { pump_.refuse_new(); }
  /// `hub::StreamPump::drain`; calls `drained` when the last stream has gone.
  Duration drain(Duration within, std::function<void()> drained);

  [[nodiscard]] const Workflow& workflow() const { return history_.workflow(); }
  [[nodiscard]] const hub::StreamPump& pump() const { return pump_; }

 private:
  void on_history(EventId position) override;
  void on_message(EventId id, std::string_view message) override;
  void on_live() override;
  void on_caught_up() override;

  void open_stream(net::Exchange exchange, const access::Grant& grant, access::TokenLimits* limits);
  void respond_refusal(net::Exchange& exchange, hub::StreamRefusal refusal) const;

  template <typename Input>
  void feed(Input input);
  void perform_actions();
  void perform(const hub::ScheduleFlush& action);
  void perform(const hub::Flush& action);
  void perform(const hub::SetDeadline& action);
  void perform(const hub::CatchUp& action);
  void perform(const hub::Drained& action);

  void on_writable(StreamConnection& connection) override;
  void on_peer_closed(StreamConnection& connection) override;

  boost::asio::io_context& context_;
  broker::Feed& history_;
  const LoopPlace loop_;
  const hub::StreamPumpOptions options_;
  hub::StreamPump pump_;
  StreamHeads stream_heads_;  // The connections refer to these.
  ConnectionTable connections_;
  HistoryLog history_log_;
  boost::asio::steady_timer timer_;
  std::function<void()> drained_;
};

}  // namespace regstream::gateway
