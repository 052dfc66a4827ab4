#include "broker/redis_links.hpp"

#include <variant>

#include "broker/server_check.hpp"

namespace regstream::broker {

/// Each command on the wire.
struct RedisLinks::Send {
  const RedisLinks& links;
  RedisConnection& connection;

  void operator()(AskServer /*ask*/) const { all(ServerCheck::questions()); }
  void operator()(AskDeployments /*ask*/) const { all(links.deployments_.questions()); }
  void operator()(AskIdentity /*ask*/) const {
    connection.send({"INFO", "server"});
    connection.send({"INFO", "replication"});
  }
  void operator()(AskSentinel ask) const { all(links.topology_.words(ask)); }
  void operator()(AskSlots ask) const { all(TopologyCalls::words(ask)); }
  void operator()(SubscribeChannels /*subscribe*/) const {
    connection.send({"SUBSCRIBE", links.names_.channel()});
    connection.send({"SUBSCRIBE", links.names_.adopted_channel()});
  }
  template <typename OtherCommand>
  void operator()(OtherCommand& command) const {
    connection.send(links.calls_.words(std::move(command)));
  }

 private:
  template <typename Commands>
  void all(const Commands& commands) const {
    for (const Command& command : commands) {
      connection.send(command);
    }
  }
};

RedisLinks::RedisLinks(boost::asio::io_context& context, const RedisOptions& options,
                       const HistoryNames& names, const DeploymentWatch& deployments)
    : context_(context),
      options_(options),
      names_(names),
      deployments_(deployments),
      calls_(names, options.history),
      topology_(options.master_name, names.history()) {}

void RedisLinks::connect(const Connect& connect, RedisConnection::Handlers handlers) {
  const bool is_sentinel = connect.link == LinkRole::finder && !options_.sentinels.empty();
  const auto login = is_sentinel ? RedisLogin::sentinel : RedisLogin::server;
  Socket& socket = at(connect.link);
  socket.peer.emplace(options_, connect.address, login);
  socket.connection = std::make_unique<RedisConnection>(context_, options_, connect.address,
                                                        std::move(handlers), login);
}

void RedisLinks::close() noexcept {
  for (Socket& socket : sockets_) {
    socket.connection.reset();
  }
}

void RedisLinks::send(LinkRole role, HistoryCommand command) {
  std::visit(Send{*this, *at(role).connection}, command);
}

HistoryReply RedisLinks::read(LinkRole role, const Link::Due& due, const redisReply& reply) {
  if (role == LinkRole::finder) {
    return topology_.read(due.question, due.replies_left, reply, *at(role).peer);
  }
  if (due.question == Question::script) {
    calls_.use_digest(std::string{reply_text(reply)});
  }
  return read_reply(due.question, reply, *at(role).peer);
}

}  // namespace regstream::broker
