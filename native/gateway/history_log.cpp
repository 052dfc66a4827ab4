#include "gateway/history_log.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include "hub/reset_cause.hpp"
#include "log/log.hpp"

namespace regstream::gateway {

void HistoryLog::on_history(EventId before, std::size_t streams) {
  if (before != EventId{} && !before_) {
    before_ = before;  // If several begin one after the other, the first one's.
  }
  streams_ = streams;
}

void HistoryLog::on_live(const hub::Journal& journal, std::string_view reason) {
  const std::optional<EventId> before = std::exchange(before_, std::nullopt);
  if (!before) {
    return;
  }
  const auto about = [this](logging::Condition condition) { return condition.about(workflow_); };
  const std::string streams = loop_.count == 1
                                  ? fmt::format("streams that get a reset: {}", streams_)
                                  : fmt::format("streams of thread {} of {} that get a reset: {}",
                                                loop_.index + 1, loop_.count, streams_);
  if (loop_.index != 0) {
    if (streams_ > 0) {
      logging::warn(about("resets on a thread").of_kind(static_cast<std::uint8_t>(loop_.index)),
                    "a history begins, as the first thread says; {}", streams);
    }
    return;
  }
  const EventId position = journal.position();
  switch (hub::cause_of_history(*before, journal.resumable_from())) {
    case hub::ResetCause::new_history:
      logging::warn(about("history begins anew"),
                    "a new history begins: epoch {} replaces epoch {}, which was read up to {}, "
                    "and holds {} updates{}{}; {}",
                    position.epoch, before->epoch, before->sequence, journal.size(),
                    reason.empty() ? "" : ". ", reason, streams);
      return;
    case hub::ResetCause::messages_lost:
      logging::warn(about("messages lost"),
                    "messages were lost before they could enter the history, after {}; {}",
                    to_string(*before), streams);
      return;
    default:
      logging::warn(about("updates missed"),
                    "updates were missed: after {} the history goes on with {}-{}; {}",
                    to_string(*before), position.epoch, journal.resumable_from().sequence + 1,
                    streams);
  }
}

}  // namespace regstream::gateway
