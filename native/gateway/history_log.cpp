#include "gateway/history_log.hpp"

#include <cstdint>
#include <utility>

#include "hub/reset_cause.hpp"
#include "log/log.hpp"

namespace regstream::gateway {

void HistoryLog::on_history(EventId before, std::size_t streams) {
  if (before != EventId{} && !before_) {
    before_ = before;  // Of several that begin one after the other, the first one's.
  }
  streams_ = streams;
}

void HistoryLog::on_live(const hub::Journal& journal, std::string_view reason) {
  const std::optional<EventId> before = std::exchange(before_, std::nullopt);
  if (!before) {
    return;
  }
  const auto about = [this](logging::Condition condition) { return condition.about(workflow_); };
  if (loop_ != 0) {
    if (streams_ > 0) {
      logging::warn(about("resets on a loop").of_kind(static_cast<std::uint8_t>(loop_)),
                    "on loop {} of this process, streams that get a reset for the same reason: {}",
                    loop_ + 1, streams_);
    }
    return;
  }
  const EventId position = journal.position();
  switch (hub::cause_of_history(*before, journal.resumable_from())) {
    case hub::ResetCause::new_history:
      logging::warn(
          about("history begins anew"),
          "the history begins anew: epoch {} replaces epoch {}, which was read up to {}, and "
          "holds {} updates{}{}; streams that get a reset: {}",
          position.epoch, before->epoch, before->sequence, journal.size(),
          reason.empty() ? "" : ". ", reason, streams_);
      return;
    case hub::ResetCause::messages_lost:
      logging::warn(about("messages lost"),
                    "messages were lost before they could enter the history, after {}; streams "
                    "that get a reset: {}",
                    to_string(*before), streams_);
      return;
    default:
      logging::warn(
          about("updates missed"),
          "updates were missed: after {} the history goes on with {}-{}; streams that get a "
          "reset: {}",
          to_string(*before), position.epoch, journal.resumable_from().sequence + 1, streams_);
  }
}

}  // namespace regstream::gateway
