#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hiredis/hiredis.h>

#include <regstream/broker/redis_options.hpp>
#include <regstream/message/event_id.hpp>

#include "broker/history/adoption.hpp"
#include "broker/history/history_follower.hpp"
#include "broker/resp.hpp"

/// Calls of scripts/history.lua as commands, and its answers. What each mode does stands there.
namespace regstream::broker {

/// The history's key in Redis; an update's is this one with ":key:" and the caller's key instead of
/// ":history".
inline constexpr std::string_view history_key = "service:registration-updates:history";

/// Where the script keeps which server has written the history.
inline constexpr std::string_view server_key = "service:registration-updates:server";

/// Makes calls for one server, and for what this process knows of its history.
class HistoryCalls {
 public:
  explicit HistoryCalls(const RedisHistoryLimits& limits) : limits_(bounded(limits)) {}

  /// From now on calls name the script instead of carrying it: Redis has loaded it, and gave this.
  void use_digest(std::string digest) { digest_ = std::move(digest); }
  /// Whether the server acknowledges writes only when they are on its disk. Not called: somebody
  /// else will find out.
  void use_durability(bool is_durable) { durable_ = is_durable ? "1" : "0"; }

  [[nodiscard]] Command load() const;
  [[nodiscard]] Command open(EventId known) const;
  [[nodiscard]] Command read(EventId known, const ReadHistory& read) const;
  /// No call of the script, which can't wait. On a connection of its own: what follows waits too.
  [[nodiscard]] static Command await(const AwaitHistory& await);
  [[nodiscard]] Command adopt(EventId known, const Adopt& adopt) const;
  /// `key_before` is that of the update which was sent before this one on the same connection, and
  /// is not answered yet (empty: there is none). Without it in the history, this one is refused.
  [[nodiscard]] Command publish(EventId known, std::string_view key, std::string message,
                                std::string_view key_before = {}) const;
  /// Refused where a publish would be; changes nothing.
  [[nodiscard]] Command probe() const;
  /// Tells all readers, by an entry without a message, that something was lost.
  [[nodiscard]] Command lose(EventId known) const;
  /// How the server keeps its appendonly file; `read_durability` reads the answer.
  [[nodiscard]] static Command ask_durability();

 private:
  [[nodiscard]] Command call(std::string_view mode, EventId known,
                             std::initializer_list<std::string_view> keys = {}) const;

  RedisHistoryLimits limits_;
  std::string digest_;
  std::string durable_;
};

/// Whether Redis has forgotten the script (SCRIPT FLUSH).
[[nodiscard]] bool is_script_unknown(const redisReply& reply);
/// Whether Redis refused a publish since the one before it is not in the history.
[[nodiscard]] bool is_out_of_order(const redisReply& reply);

/// The answer to `open` and `publish`.
[[nodiscard]] std::optional<EventId> read_id(const redisReply& reply);

/// Whether each write is on the disk before it is acknowledged. A server that does not say so loses
/// writes.
[[nodiscard]] bool read_durability(const redisReply& reply);

/// The answer to `read`.
[[nodiscard]] std::optional<HistoryPage> read_page(const redisReply& reply);

/// The answer to `await`; no entries, if none came in time.
[[nodiscard]] std::optional<std::vector<HistoryEntry>> read_awaited(const redisReply& reply);

}  // namespace regstream::broker
