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

/// Finds the history's server: questions to sentinels and to cluster nodes as RESP, and their
/// answers as values.
namespace regstream::broker {

/// The finder's options for these settings.
[[nodiscard]] FinderOptions finder_options(const RedisOptions& options);

class TopologyCalls {
 public:
  /// `key`: any key of the history.
  TopologyCalls(std::string primary_name, std::string_view key);

  [[nodiscard]] std::vector<Command> words(const AskSentinel& ask) const;
  [[nodiscard]] static std::vector<Command> words(const AskSlots& ask);

  /// Reads one of `peer`'s replies to `question`. `replies_left` counts the replies that are due,
  /// this one included.
  [[nodiscard]] HistoryReply read(Question question, std::size_t replies_left,
                                  const redisReply& reply, const RedisPeer& peer) const;

 private:
  std::string primary_name_;
  std::uint16_t slot_;
};

}  // namespace regstream::broker
