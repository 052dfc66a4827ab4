#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hiredis/hiredis.h>

#include <regstream/broker/redis_options.hpp>
#include <regstream/message/event_id.hpp>

#include "broker/history/history_command.hpp"
#include "broker/history_names.hpp"
#include "broker/redis_failure.hpp"
#include "broker/resp.hpp"

/// Commands about the history as RESP, and Redis's replies as values.
namespace regstream::broker {

/// Turns commands into RESP.
class HistoryCalls {
 public:
  HistoryCalls(HistoryNames names, const RedisHistoryLimits& limits)
      : names_(std::move(names)), limits_(bounded(limits)) {}

  /// Sets the script's digest, which Redis returned to `LoadScript`.
  void use_digest(std::string digest) { digest_ = std::move(digest); }

  [[nodiscard]] Command words(ScriptCall call) const;
  [[nodiscard]] static Command words(const LoadScript& load);
  [[nodiscard]] static Command words(const AskDurability& ask);
  [[nodiscard]] static Command words(const ProbeChannel& probe);
  [[nodiscard]] static Command words(const AwaitReplicas& await);
  /// For a connection of its own: later commands would wait too.
  [[nodiscard]] Command words(const AwaitHistory& await) const;

 private:
  /// `channel`: where the mode publishes the messages that it appends. Empty: it appends none.
  [[nodiscard]] Command begin(const ScriptCall& call, std::string_view mode,
                              std::string_view channel = {},
                              const std::vector<std::string>& keys = {}) const;
  [[nodiscard]] Command words(const ScriptCall& call, const OpenHistory& open) const;
  [[nodiscard]] Command words(const ScriptCall& call, const ReadHistory& read) const;
  [[nodiscard]] Command words(const ScriptCall& call, PublishBatch& batch) const;
  [[nodiscard]] Command words(const ScriptCall& call, const ProbePublishing& probe) const;
  [[nodiscard]] Command words(const ScriptCall& call, Adopt& adopt) const;
  [[nodiscard]] Command words(const ScriptCall& call, const RecordLoss& loss) const;

  HistoryNames names_;
  RedisHistoryLimits limits_;
  std::string digest_;
};

/// Reads `peer`'s reply to a question. `ServerCheck` and `DeploymentWatch` read more in theirs. A
/// reply that does not answer the question becomes `Refused` with `RedisFailureKind::not_redis`.
[[nodiscard]] HistoryReply read_reply(Question question, const redisReply& reply,
                                      const RedisPeer& peer);

/// Reads the answer to `RecordLoss`, or to `Adopt` if its cursor is not too old.
[[nodiscard]] std::optional<EventId> read_id(const redisReply& reply);

}  // namespace regstream::broker
