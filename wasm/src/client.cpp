#include "client.hpp"

#include <utility>
#include <variant>

namespace regstream::wasm {

Client::Client(const ConnectionOptions& options, std::uint64_t seed, std::int64_t registration_id,
               const ClientLimits& limits)
    : limits_(limits), connection_(options, seed) {
  if (registration_id != 0) {
    registration_.emplace(registration_id);
  }
}

bool Client::restore(std::string_view last_event_id, std::string_view view_json) {
  restored_cursor_ = last_event_id;
  if (view_json.empty() || !registration_) {
    return true;
  }
  auto decoded = decode_view(view_json, limits_.codec);
  auto* view = std::get_if<RegistrationView>(&decoded);
  if (view == nullptr ||
      registration_->apply_snapshot(std::move(*view)) == Applied::other_registration) {
    return false;
  }
  view_known_ = true;
  return true;
}

std::string_view Client::cursor(std::string_view of_connection) const {
  return of_connection.empty() ? std::string_view(restored_cursor_) : of_connection;
}

MessageKind Client::message(AttemptId attempt, std::string_view data,
                            std::optional<std::string_view> last_event_id, Instant now) {
  view_changed_ = false;
  const std::uint64_t stale_before = connection_.stale_inputs();
  connection_.on_activity(attempt, now);
  if (connection_.stale_inputs() != stale_before) {
    return MessageKind::stale;
  }
  if (last_event_id) {
    if (last_event_id->size() > limits_.id_bytes_max) {
      return reject(MessageKind::too_large, "The event id is longer than 4096 bytes");
    }
    // From here on the connection's cursor counts, even where the server has emptied it.
    restored_cursor_.clear();
    connection_.on_event_id(attempt, *last_event_id);
  }
  if (data.size() > limits_.codec.stream_message_bytes_max) {
    return reject(MessageKind::too_large, "The message is larger than 4 MiB");
  }
  auto decoded = decode_stream_message(data, limits_.codec);
  if (auto* error = std::get_if<DecodeError>(&decoded)) {
    return reject(MessageKind::malformed, std::move(error->what));
  }
  const auto& envelope = std::get<StreamMessage>(decoded);
  switch (envelope.type) {
    case StreamMessageType::connected:
      return MessageKind::connected;
    case StreamMessageType::update:
      return take_update(envelope.data);
    case StreamMessageType::snapshot:
      return take_snapshot(envelope.data);
    case StreamMessageType::reset:
      forget_view();
      return MessageKind::reset;
    case StreamMessageType::ping:
      return MessageKind::ping;
    case StreamMessageType::other:
      break;
  }
  return MessageKind::other;
}

MessageKind Client::take_update(std::string_view json) {
  auto decoded = decode_update(json, limits_.codec);
  if (auto* error = std::get_if<DecodeError>(&decoded)) {
    return reject(MessageKind::malformed, std::move(error->what));
  }
  const auto& update = std::get<Update>(decoded);
  stage_status_ = update.stage_status;
  if (registration_) {
    const Applied applied = registration_->apply(update);
    if (applied == Applied::other_registration) {
      return MessageKind::other;
    }
    view_changed_ = applied != Applied::unchanged || !view_known_;
    view_known_ = true;
  }
  return MessageKind::update;
}

MessageKind Client::take_snapshot(std::string_view json) {
  auto decoded = decode_view(json, limits_.codec);
  if (auto* error = std::get_if<DecodeError>(&decoded)) {
    return reject(MessageKind::malformed, std::move(error->what));
  }
  if (registration_) {
    const Applied applied =
        registration_->apply_snapshot(std::move(std::get<RegistrationView>(decoded)));
    if (applied == Applied::other_registration) {
      return MessageKind::other;
    }
    view_changed_ = applied != Applied::unchanged || !view_known_;
    view_known_ = true;
  }
  return MessageKind::snapshot;
}

/// Updates may have been missed, so what was folded is no view of the registration any more.
void Client::forget_view() {
  view_changed_ = view_known_;
  view_known_ = false;
  if (registration_) {
    registration_.emplace(registration_->view().registration_id);
  }
}

MessageKind Client::reject(MessageKind kind, std::string problem) {
  problem_ = std::move(problem);
  return kind;
}

std::string Client::view_json() const {
  return view_known_ ? encode_view(registration_->view()) : std::string();
}

}  // namespace regstream::wasm
