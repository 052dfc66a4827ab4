#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <regstream/message/event_id.hpp>

#include "broker/history/refusal_gate.hpp"
#include "broker/history_call.hpp"
#include "broker/redis_link.hpp"

namespace regstream::broker {

/// Hears the channel, and where bare messages got their places, by a connection of its own: Redis
/// takes no other commands on one that is subscribed. Before it subscribes it asks where the
/// history ends. A Redis that refuses that for now is asked again, on the same connection.
class ChannelLink : public std::enable_shared_from_this<ChannelLink> {
 public:
  /// Each may destroy the link.
  struct Handlers {
    std::function<EventId()> known;  ///< The greatest id that this process has met.
    std::function<void(EventId position)>
        on_heard;  ///< From now on; the history ended there before.
    std::function<void(std::string_view)> on_message;
    std::function<void()> on_behind;  ///< As `RedisConnection::Handlers` has both.
    std::function<void()> on_drained;
    std::function<void(const RedisFailure&)> on_refused;  ///< Not heard yet; the connection stays.
    std::function<void(const RedisFailure&)> on_down;     ///< Not heard any more.
  };

  ChannelLink(boost::asio::io_context& context, const RedisOptions& options, std::uint64_t seed,
              Handlers handlers);

  void start();
  /// Gives the connection up for a new one.
  void renew(const RedisFailure& reason) { link_->renew(reason); }
  /// Leaves what comes in Redis, or hears it again.
  void pause(bool pauses) { link_->pause(pauses); }

 private:
  void ask();
  void ask_later();
  void on_reply(const redisReply& reply);
  void on_down(const RedisFailure& failure);

  boost::asio::io_context& context_;
  const RedisOptions options_;
  const std::uint64_t seed_;
  const Handlers handlers_;
  const HistoryCalls calls_;  // By the script's text: this may be called before it is loaded.
  RefusalGate gate_;
  boost::asio::steady_timer retry_;
  std::shared_ptr<RedisLink> link_;
  std::optional<EventId> position_;
  int channels_heard_ = 0;
};

}  // namespace regstream::broker
