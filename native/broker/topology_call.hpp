#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hiredis/hiredis.h>

#include <regstream/broker/redis_options.hpp>

#include "broker/history/history_command.hpp"
#include "broker/redis_failure.hpp"
#include "broker/resp.hpp"
#include "broker/topology/finder_options.hpp"

/// Where the history's server is: questions to sentinels and to a cluster's nodes as RESP, and
/// their answers as values.
namespace regstream::broker {

/// By which of the options the server is found.
[[nodiscard]] FinderOptions finder_options(const RedisOptions& options);

class TopologyCalls {
 public:
  /// `key`: one of the history's.
  TopologyCalls(std::string primary_name, std::string_view key);

  [[nodiscard]] std::vector<Command> words(const AskSentinel& ask) const;
  [[nodiscard]] static std::vector<Command> words(const AskSlots& ask);

  /// One of the replies to `question` by `peer`, so many of which, this one included, are to come.
  [[nodiscard]] HistoryReply read(Question question, std::size_t replies_left,
                                  const redisReply& reply, const RedisPeer& peer) const;

 private:
  std::string primary_name_;
  std::uint16_t slot_;
};

}  // namespace regstream::broker
