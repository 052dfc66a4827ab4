#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "broker/redis_failure.hpp"
#include "broker/resp.hpp"

namespace regstream::broker {

/// What is said first on a connection: AUTH, where the options name a user or a password, and PING.
/// The answer to PING tells whether Redis serves us, and says more than that to AUTH.
class LoginExchange {
 public:
  struct Asked {};  ///< There are answers to come.
  struct Ready {};
  using Result = std::variant<Asked, Ready, RedisFailure>;

  explicit LoginExchange(const RedisPeer& peer) : peer_(peer) {}

  /// All are sent at once; each is answered.
  [[nodiscard]] std::vector<Command> commands() const;

  /// The next answer.
  [[nodiscard]] Result on_reply(const redisReply& reply);

  /// The connection ended before all was answered: `failure`, unless Redis had refused before.
  [[nodiscard]] RedisFailure explain_end(RedisFailure failure) const;

 private:
  [[nodiscard]] bool has_credentials() const;

  RedisPeer peer_;
  bool is_auth_answered_ = false;
  std::string auth_refusal_;  // What Redis said to AUTH. Empty: it took the password.
};

}  // namespace regstream::broker
