#include "broker/redis_login.hpp"

namespace regstream::broker {
namespace {

struct Credentials {
  const std::string& username;
  const std::string& password;
};

Credentials credentials_of(const RedisPeer& peer) {
  const RedisOptions& options = *peer.options;
  return peer.login == RedisLogin::sentinel
             ? Credentials{options.sentinel_username, options.sentinel_password}
             : Credentials{options.username, options.password};
}

}  // namespace

bool LoginExchange::has_credentials() const {
  const auto [username, password] = credentials_of(peer_);
  return !username.empty() || !password.empty();
}

std::vector<Command> LoginExchange::commands() const {
  const auto [username, password] = credentials_of(peer_);
  std::vector<Command> commands;
  if (!username.empty()) {
    commands.push_back({"AUTH", username, password});  // Redis 6.
  } else if (!password.empty()) {
    commands.push_back({"AUTH", password});
  }
  commands.push_back({"PING"});
  return commands;
}

LoginExchange::Result LoginExchange::on_reply(const redisReply& reply) {
  const auto text = reply_text(reply);
  const bool is_error = reply.type == REDIS_REPLY_ERROR;
  if (has_credentials() && !is_auth_answered_) {
    is_auth_answered_ = true;
    auth_refusal_ = is_error ? text : std::string_view{};
    return Asked{};
  }
  if (!auth_refusal_.empty()) {
    return auth_failure(peer_, auth_refusal_, text);
  }
  // A Redis that can't save to disk answers PING with MISCONF, but still delivers messages.
  if (is_error && !text.starts_with("MISCONF")) {
    return reply_failure(peer_, text);
  }
  return Ready{};
}

RedisFailure LoginExchange::explain_end(RedisFailure failure) const {
  return auth_refusal_.empty() ? std::move(failure) : auth_failure(peer_, auth_refusal_);
}

}  // namespace regstream::broker
