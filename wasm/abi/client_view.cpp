// A client's view, out as a record and back in. Apart from its messages: a view changes less often
// than messages come.

#include <utility>
#include <variant>

#include <regstream/message/codec.hpp>

#include "client.hpp"
#include "exchange.hpp"

namespace regstream::abi {

void Client::restore(std::string_view view_json) {
  if (view_json.empty()) {
    return;
  }
  auto decoded = decode_view(view_json);
  auto* view = std::get_if<RegistrationView>(&decoded);
  if (view == nullptr || view->registration_id != registration_id_) {
    view = &decoded.emplace<RegistrationView>();
    view->registration_id = registration_id_;
    view->has_gap = true;
    view->has_lost_history = true;
  }
  (void)session_.restore(std::move(*view));
}

void write_view(Batch& batch, const RegistrationView& view) {
  BatchText& text = batch.view_text;
  const Progress progress = progress_of(view);
  ViewRecord& record = batch.view.emplace();
  record.registration_id = static_cast<double>(view.registration_id);
  record.timestamp_ms = static_cast<double>(view.timestamp_ms);
  record.status = text.append(view.status);
  record.stage = text.append(view.stage);
  record.message = text.append(view.message);
  record.details = bytes_of(view.details);
  record.process_log = bytes_of(view.process_log);
  record.stage_count = static_cast<std::uint32_t>(view.stages.size());
  record.stages_done = static_cast<std::uint32_t>(progress.stages_done);
  record.stages_total = static_cast<std::uint32_t>(progress.stages_total);
  record.has_more_stages = view.has_more_stages;
  record.is_final = view.is_final;
  record.has_ended = view.has_ended;
  record.has_gap = view.has_gap;
  record.has_lost_history = view.has_lost_history;
  if (view.id) {
    record.id = text.append(to_string(*view.id));
  }
  for (const StageView& stage : view.stages) {
    batch.stages.add() = {.started_timestamp_ms = static_cast<double>(stage.started_timestamp_ms),
                          .ended_timestamp_ms = static_cast<double>(stage.ended_timestamp_ms),
                          .name = text.append(stage.name),
                          .message = text.append(stage.message),
                          .status = stage.status};
  }
  record.text = bytes_of(text.text());
  record.stages = batch.stages.address();
}

}  // namespace regstream::abi
