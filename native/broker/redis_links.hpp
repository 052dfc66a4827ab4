#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>

#include <regstream/broker/redis_options.hpp>

#include "broker/deployment_watch.hpp"
#include "broker/history/history_command.hpp"
#include "broker/history/link.hpp"
#include "broker/history/session_action.hpp"
#include "broker/history_call.hpp"
#include "broker/history_names.hpp"
#include "broker/redis_connection.hpp"
#include "broker/redis_failure.hpp"
#include "broker/topology_call.hpp"

namespace regstream::broker {

/// The sockets of a session's links: commands go out as RESP, and replies come back as values.
class RedisLinks {
 public:
  /// All outlive it. `deployments` asks its own questions.
  RedisLinks(boost::asio::io_context& context, const RedisOptions& options,
             const HistoryNames& names, const DeploymentWatch& deployments);

  void connect(const Connect& connect, RedisConnection::Handlers handlers);
  void close(LinkRole role) noexcept { at(role).connection.reset(); }
  void close() noexcept;
  /// The link is connected.
  void send(LinkRole role, HistoryCommand command);
  /// The listener's: what comes is left unread, or read again.
  void pause(bool pauses) { at(LinkRole::listener).connection->pause(pauses); }
  /// What a reply on the link says, where that is the answer to `due`.
  [[nodiscard]] HistoryReply read(LinkRole role, const Link::Due& due, const redisReply& reply);
  /// Where the link leads, or led, for people.
  [[nodiscard]] std::string address(LinkRole role) const {
    return to_string(at(role).peer.value_or(RedisPeer{options_}).address);
  }

 private:
  struct Socket {
    std::optional<RedisPeer> peer;  // Who is, or was, at the other end.
    std::unique_ptr<RedisConnection> connection;
  };
  struct Send;

  [[nodiscard]] Socket& at(LinkRole role) { return sockets_.at(static_cast<std::size_t>(role)); }
  [[nodiscard]] const Socket& at(LinkRole role) const {
    return sockets_.at(static_cast<std::size_t>(role));
  }

  boost::asio::io_context& context_;
  const RedisOptions& options_;
  const HistoryNames& names_;
  const DeploymentWatch& deployments_;
  HistoryCalls calls_;
  TopologyCalls topology_;
  std::array<Socket, link_roles_count> sockets_;
};

}  // namespace regstream::broker
