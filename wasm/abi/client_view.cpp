// A client's view, out as a record and back in. Apart from the messages, since a view changes less
// often than messages arrive.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>

#include <regstream/message/codec.hpp>

#include "client.hpp"
#include "exchange.hpp"

namespace regstream::abi {

namespace {

void write_view(Batch& batch, const RegistrationView& view, const Workflow& workflow) {
  BatchText& text = batch.view_text;
  const Progress progress = progress_of(view, workflow);
  ViewRecord& record = batch.views.add();
  record.instance_id = static_cast<double>(view.registration_id);
  record.text_id = text.append(view.text_id);
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
}

}  // namespace

void Client::restore(const InstanceId& id, std::string_view view_json) {
  auto decoded = decode_view(view_json, session_.workflow());
  auto* view = std::get_if<RegistrationView>(&decoded);
  if (view == nullptr || view->registration_id != id.number || view->text_id != id.text) {
    view = &decoded.emplace<RegistrationView>();
    view->registration_id = id.number;
    view->text_id = id.text;
    view->has_gap = true;
    view->has_lost_history = true;
  }
  (void)session_.restore(std::move(*view));
}

void write_views(Batch& batch, StreamSession& session) {
  for (std::size_t index = 0; index < session.followed_count(); ++index) {
    if (session.consume_view_change(index)) {
      write_view(batch, session.followed_view(index), session.workflow());
    }
  }
  // Adding to a batch may move it, so pointers into it are written last.
  std::uintptr_t stages = batch.stages.address();
  for (std::uint32_t index = 0; index < batch.views.size(); ++index) {
    ViewRecord& record = batch.views[index];
    record.text = bytes_of(batch.view_text.text());
    record.stages = stages;
    stages += record.stage_count * sizeof(StageRecord);
  }
}

}  // namespace regstream::abi
