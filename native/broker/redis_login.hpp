#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "broker/redis_failure.hpp"
#include "broker/resp.hpp"

namespace regstream::broker {

/// The first commands on a connection: AUTH, if the options name a user or a password, and PING.
/// The answer to PING tells whether Redis accepts this client; it says more than the answer to
/// AUTH.
class LoginExchange {
 public:
  struct Asked {};  ///< More answers will follow.
  struct Ready {};
  using Result = std::variant<Asked, Ready, RedisFailure>;

  explicit LoginExchange(const RedisPeer& peer) : peer_(peer) {}

  /// All are sent at once. Each gets an answer.
  [[nodiscard]] std::vector<Command> commands() const;

  /// The next answer.
  [[nodiscard]] Result on_reply(const redisReply& reply);

  /// Explains the end of the connection before all answers came: `failure`, unless Redis had
  /// refused before.
  [[nodiscard]] RedisFailure explain_end(RedisFailure failure) const;

 private:
  [[nodiscard]] bool has_credentials() const;

  RedisPeer peer_;
  bool is_auth_answered_ = false;
  std::string auth_refusal_;  // Redis's refusal of AUTH. Empty: it accepted the password.
};

}  // namespace regstream::broker
