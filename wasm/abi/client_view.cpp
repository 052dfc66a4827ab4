// A client's view, out as a record and back in. Apart from its messages: a view changes less often
// than messages come.

#include <string>
#include <utility>
#include <variant>

#include <regstream/message/codec.hpp>

#include "client.hpp"
#include "exchange.hpp"

namespace regstream::abi {
namespace {

/// `text`, if JavaScript does not have it yet; `known` is what it has.
Bytes take_change(const std::string& text, std::string& known, bool& changed) {
  changed = text != known;
  if (!changed) {
    return {};
  }
  known = text;
  return bytes_of(known);
}

}  // namespace

void Client::restore(std::string_view view_json) {
  auto decoded = decode_view(view_json);
  if (auto* const view = std::get_if<RegistrationView>(&decoded)) {
    details_ = view->details;
    process_log_ = view->process_log;
    (void)session_.restore(std::move(*view));
  }
}

void Client::write_view(const RegistrationView& view) {
  view_text_.clear();
  stages_.clear();
  const Progress progress = progress_of(view);
  view_ = ViewRecord{};
  view_.registration_id = static_cast<double>(view.registration_id);
  view_.timestamp_ms = static_cast<double>(view.timestamp_ms);
  view_.status = view_text_.append(view.status);
  view_.stage = view_text_.append(view.stage);
  view_.message = view_text_.append(view.message);
  view_.stage_count = static_cast<std::uint32_t>(view.stages.size());
  view_.stages_done = static_cast<std::uint32_t>(progress.stages_done);
  view_.stages_total = static_cast<std::uint32_t>(progress.stages_total);
  view_.has_more_stages = view.has_more_stages;
  view_.is_final = view.is_final;
  view_.has_ended = view.has_ended;
  view_.has_gap = view.has_gap;
  view_.has_lost_history = view.has_lost_history;
  if (view.id) {
    view_.id = view_text_.append(to_string(*view.id));
  }
  view_.details = take_change(view.details, details_, view_.details_changed);
  view_.process_log = take_change(view.process_log, process_log_, view_.process_log_changed);
  for (const StageView& stage : view.stages) {
    stages_.add() = {.started_timestamp_ms = static_cast<double>(stage.started_timestamp_ms),
                     .ended_timestamp_ms = static_cast<double>(stage.ended_timestamp_ms),
                     .name = view_text_.append(stage.name),
                     .message = view_text_.append(stage.message),
                     .status = stage.status};
  }
  view_.text = bytes_of(view_text_.text());
  view_.stages = stages_.address();
}

}  // namespace regstream::abi
