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

/// The sockets of a session's links. Commands go out as RESP, and replies come back as values.
class RedisLinks {
 public:
  /// All arguments must outlive it. `deployments` has its own questions.
  RedisLinks(boost::asio::io_context& context, const RedisOptions& options,
             const HistoryNames& names, const DeploymentWatch& deployments);

  void connect(const Connect& connect, RedisConnection::Handlers handlers);
  void close(LinkRole role) noexcept { at(role).connection.reset(); }
  void close() noexcept;
  /// Sends a command on a connected link.
  void send(LinkRole role, HistoryCommand command);
  /// Stops reading the listener's connection, or reads it again.
  void pause(bool pauses) { at(LinkRole::listener).connection->pause(pauses); }
  /// Reads a reply on the link, as the answer to `due`.
  [[nodiscard]] HistoryReply read(LinkRole role, const Link::Due& due, const redisReply& reply);
  /// The address that the link leads, or led, to; for people.
  [[nodiscard]] std::string address(LinkRole role) const {
    return to_string(at(role).peer.value_or(RedisPeer{options_}).address);
  }

 private:
  struct Socket {
    std::optional<RedisPeer> peer;  // The peer, present or last.
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
