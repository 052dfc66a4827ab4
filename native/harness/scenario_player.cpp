#include "harness/scenario_player.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <regstream/message/codec.hpp>
#include <regstream/sse/encoder.hpp>

#include "harness/answer_bytes.hpp"
#include "net/letter_case.hpp"

namespace regstream::harness {

namespace {

bool takes(const When& when, const RequestHead& head) {
  const auto brings = [&head](const HeaderField& wanted) {
    return std::any_of(head.headers.begin(), head.headers.end(), [&](const HeaderField& field) {
      return net::equals_ignoring_case(field.name, wanted.name) && field.value == wanted.value;
    });
  };
  return (!when.method || *when.method == head.method) && (!when.path || *when.path == head.path) &&
         (!when.last_event_id || *when.last_event_id == head.last_event_id) &&
         std::all_of(when.headers.begin(), when.headers.end(), brings);
}

Framing framing_of(const Script& script) {
  return std::get<Answer>(script.answer).framing;
}

Script refusal_for_too_many() {
  Script script;
  script.name = "limit";
  script.answer = Answer{.after = Duration(0),
                         .status = 503,
                         .headers = {{"Retry-After", "1"}},
                         .body = "The mock has too many connections.\n"};
  return script;
}

}  // namespace

ScenarioPlayer::ScenarioPlayer(Scenario scenario, const PlayerOptions& options)
    : scenario_(std::move(scenario)), options_(options), taken_(scenario_.connections.size(), 0) {}

void ScenarioPlayer::observe(Instant now) {
  now_ = std::max(now_, now);
}

ConnectionNumber ScenarioPlayer::open(const RequestHead& head, Instant now) {
  handle_deadline(now);
  const ConnectionNumber number = ++last_number_;
  Playing playing;
  playing.script = playing_.size() < options_.limits.connections_max
                       ? choose(head)
                       : std::make_shared<const Script>(refusal_for_too_many());
  playing.step_done = now_;
  requests_.push_back(record_request(number, head, now_));
  requests_.back().script = playing.script->name;
  if (requests_.size() > options_.limits.requests_max) {
    requests_.pop_front();
    ++requests_dropped_;
  }
  playing_.emplace(number, std::move(playing));
  handle_deadline(now);
  return number;
}

std::shared_ptr<const Script> ScenarioPlayer::choose(const RequestHead& head) {
  if (next_answer_times_ > 0) {
    --next_answer_times_;
    return next_answer_;
  }
  for (std::size_t index = 0; index < scenario_.connections.size(); ++index) {
    const auto& script = scenario_.connections[index];
    if (takes(script->when, head) && (!script->times || taken_[index] < *script->times)) {
      ++taken_[index];
      return script;
    }
  }
  return scenario_.fallback;
}

void ScenarioPlayer::on_peer_closed(ConnectionNumber connection, Instant now) {
  handle_deadline(now);
  end(connection, Ending::by_client);
}

void ScenarioPlayer::on_too_slow(ConnectionNumber connection, Instant now) {
  handle_deadline(now);
  end(connection, Ending::too_slow);
}

std::optional<Instant> ScenarioPlayer::deadline(const Playing& playing) {
  if (!playing.has_head) {
    const auto* const answer = std::get_if<Answer>(&playing.script->answer);
    return playing.step_done + (answer == nullptr ? Duration(0) : answer->after);
  }
  if (!playing.pieces.empty()) {
    return playing.next_piece;
  }
  std::optional<Instant> earliest;
  if (playing.script->steps && playing.next_step < playing.script->steps->size()) {
    earliest = playing.step_done + (*playing.script->steps)[playing.next_step].after;
  }
  if (playing.pings.every && (!earliest || playing.next_ping < *earliest)) {
    earliest = playing.next_ping;
  }
  return earliest;
}

std::optional<Instant> ScenarioPlayer::next_deadline() const {
  std::optional<Instant> earliest;
  for (const auto& [number, playing] : playing_) {
    const auto due = deadline(playing);
    if (due && (!earliest || *due < *earliest)) {
      earliest = due;
    }
  }
  return earliest;
}

void ScenarioPlayer::handle_deadline(Instant now) {
  for (;;) {
    // The earliest first, over all connections, so their order doesn't depend on when it is played.
    auto next = playing_.end();
    std::optional<Instant> earliest;
    for (auto at = playing_.begin(); at != playing_.end(); ++at) {
      const auto due = deadline(at->second);
      if (due && *due <= now && (!earliest || *due < *earliest)) {
        earliest = due;
        next = at;
      }
    }
    if (!earliest) {
      break;
    }
    observe(*earliest);
    play_next(next->first, next->second);
  }
  observe(now);
}

bool ScenarioPlayer::play_next(ConnectionNumber number, Playing& playing) {
  if (!playing.has_head) {
    return begin(number, playing);
  }
  if (!playing.pieces.empty()) {
    return send_pieces(number, playing, false);
  }
  const auto& steps = *playing.script->steps;
  const bool has_step = playing.next_step < steps.size();
  if (playing.pings.every &&
      (!has_step || playing.next_ping < playing.step_done + steps[playing.next_step].after)) {
    playing.next_ping += *playing.pings.every;
    playing.is_sending_step = false;
    return send_body(number, playing, control_bytes({.message = ControlMessage::ping, .id = {}}));
  }
  const Step& step = steps[playing.next_step++];
  // Uses the step's own time, not the time when it is played, so a delay doesn't accumulate.
  playing.step_done += step.after;
  playing.is_sending_step = true;
  return play(number, playing, step.action);
}

bool ScenarioPlayer::begin(ConnectionNumber number, Playing& playing) {
  if (const auto* const refusal = std::get_if<Refusal>(&playing.script->answer)) {
    break_off(number, *refusal == Refusal::close ? BreakKind::cut : BreakKind::reset);
    return false;
  }
  const Answer& answer = std::get<Answer>(playing.script->answer);
  if (RecordedRequest* const request = find_request(number)) {
    request->status = answer.status;
  }
  playing.has_head = true;
  playing.step_done += answer.after;
  const bool is_stream = playing.script->steps.has_value();
  actions_.push_back(SendAction{number, head_bytes(answer, is_stream)});
  if (is_stream) {
    return true;
  }
  const bool is_sent =
      answer.body.empty() || !has_body(answer) || send_piece(number, playing, answer.body);
  if (is_sent) {
    if (answer.framing == Framing::chunked && has_body(answer)) {
      actions_.push_back(SendAction{number, std::string(last_chunk)});
    }
    actions_.push_back(CloseAction{number});
    end(number, Ending::answered);
  }
  return false;
}

bool ScenarioPlayer::play(ConnectionNumber number, Playing& playing, const StepAction& action) {
  if (const auto* const bytes = std::get_if<SendBytes>(&action)) {
    return send_body(number, playing, bytes->bytes);
  }
  if (const auto* const control = std::get_if<SendControl>(&action)) {
    return send_body(number, playing, control_bytes(*control));
  }
  if (const auto* const chunks = std::get_if<SetChunks>(&action)) {
    playing.chunks = *chunks;
    return true;
  }
  if (const auto* const hold = std::get_if<SetHold>(&action)) {
    playing.hold_bytes = hold->bytes;
    return playing.held.size() < hold->bytes || release_held(number, playing);
  }
  if (const auto* const pings = std::get_if<SetPings>(&action)) {
    playing.pings = *pings;
    if (pings->every) {
      playing.next_ping = playing.step_done + *pings->every;
    }
    return true;
  }
  if (std::holds_alternative<Silence>(action)) {
    playing.pings = {};
    return true;
  }
  if (const auto* const broken = std::get_if<Break>(&action)) {
    if (!broken->after_bytes || *broken->after_bytes <= playing.body_bytes) {
      break_off(number, broken->kind);
      return false;
    }
    playing.break_at = *broken;
    return true;
  }
  // An end sends everything that was held, or waited for its time.
  playing.pieces += std::exchange(playing.held, {});
  if (!send_pieces(number, playing, true)) {
    return false;
  }
  if (framing_of(*playing.script) == Framing::chunked) {
    actions_.push_back(SendAction{number, std::string(last_chunk)});
  }
  actions_.push_back(CloseAction{number});
  end(number, Ending::ended);
  return false;
}

bool ScenarioPlayer::send_body(ConnectionNumber number, Playing& playing, std::string_view bytes) {
  playing.held += bytes;
  return playing.held.size() < playing.hold_bytes || release_held(number, playing);
}

bool ScenarioPlayer::release_held(ConnectionNumber number, Playing& playing) {
  if (playing.pieces.empty()) {
    playing.next_piece = now_;
  }
  playing.pieces += std::exchange(playing.held, {});
  return send_pieces(number, playing, playing.chunks.every == Duration(0));
}

bool ScenarioPlayer::send_pieces(ConnectionNumber number, Playing& playing, bool all) {
  std::string_view rest = playing.pieces;
  while (!rest.empty() && (all || playing.next_piece <= now_)) {
    const std::size_t size =
        playing.chunks.bytes == 0 ? rest.size() : std::min(playing.chunks.bytes, rest.size());
    if (!send_piece(number, playing, rest.substr(0, size))) {
      return false;
    }
    rest.remove_prefix(size);
    playing.next_piece += playing.chunks.every;
  }
  playing.pieces.erase(0, playing.pieces.size() - rest.size());
  if (playing.pieces.empty() && playing.is_sending_step) {
    playing.step_done = std::max(playing.step_done, now_);
  }
  return true;
}

bool ScenarioPlayer::send_piece(ConnectionNumber number, Playing& playing, std::string_view piece) {
  const bool breaks =
      playing.break_at && *playing.break_at->after_bytes <= playing.body_bytes + piece.size();
  if (breaks) {
    piece = piece.substr(0, *playing.break_at->after_bytes - playing.body_bytes);
  }
  playing.body_bytes += piece.size();
  if (RecordedRequest* const request = find_request(number)) {
    request->body_bytes = playing.body_bytes;
  }
  actions_.push_back(SendAction{number, framing_of(*playing.script) == Framing::chunked
                                            ? as_chunk(piece)
                                            : std::string(piece)});
  if (breaks) {
    break_off(number, playing.break_at->kind);
  }
  return !breaks;
}

void ScenarioPlayer::break_off(ConnectionNumber number, BreakKind kind) {
  if (kind == BreakKind::cut) {
    actions_.push_back(CloseAction{number});
  } else {
    actions_.push_back(AbortAction{number});
  }
  end(number, kind == BreakKind::cut ? Ending::cut : Ending::reset);
}

void ScenarioPlayer::end(ConnectionNumber number, Ending ending) {
  if (playing_.erase(number) == 0) {
    return;  // It has ended already, and the peer's close follows from that.
  }
  if (RecordedRequest* const request = find_request(number)) {
    request->ending = ending;
    request->ended_at = now_;
  }
}

std::string ScenarioPlayer::control_bytes(const SendControl& control) const {
  const std::int64_t timestamp_ms = options_.start_timestamp_ms + now_.time_since_epoch().count();
  const std::string data = control.message == ControlMessage::connected
                               ? encode_connected(timestamp_ms)
                           : control.message == ControlMessage::ping ? encode_ping(timestamp_ms)
                                                                     : encode_reset(timestamp_ms);
  std::string bytes;
  // The id was checked when the scenario was read.
  static_cast<void>(sse::append_event(bytes, {.data = data, .type = {}, .id = control.id}));
  return bytes;
}

RecordedRequest* ScenarioPlayer::find_request(ConnectionNumber number) {
  const auto found = std::lower_bound(requests_.begin(), requests_.end(), number,
                                      [](const RecordedRequest& request, ConnectionNumber wanted) {
                                        return request.number < wanted;
                                      });
  return found != requests_.end() && found->number == number ? &*found : nullptr;
}

std::optional<PlayerAction> ScenarioPlayer::poll() {
  if (actions_.empty()) {
    return std::nullopt;
  }
  PlayerAction action = std::move(actions_.front());
  actions_.pop_front();
  return action;
}

std::size_t ScenarioPlayer::send(std::optional<ConnectionNumber> connection,
                                 const StepAction& action, Instant now) {
  handle_deadline(now);
  std::size_t count = 0;
  for (auto at = playing_.begin(); at != playing_.end();) {
    const ConnectionNumber number = at->first;
    Playing& playing = (at++)->second;  // This may end and remove the connection.
    if ((!connection || *connection == number) && playing.has_head) {
      ++count;
      playing.is_sending_step = false;
      play(number, playing, action);
    }
  }
  return count;
}

std::size_t ScenarioPlayer::cut(std::optional<ConnectionNumber> connection, BreakKind kind,
                                Instant now) {
  handle_deadline(now);
  std::size_t count = 0;
  for (auto at = playing_.begin(); at != playing_.end();) {
    const ConnectionNumber number = (at++)->first;
    if (!connection || *connection == number) {
      ++count;
      break_off(number, kind);
    }
  }
  return count;
}

void ScenarioPlayer::answer_next(Script script) {
  next_answer_times_ = script.times.value_or(1);
  next_answer_ = std::make_shared<const Script>(std::move(script));
}

void ScenarioPlayer::restart(Instant now) {
  handle_deadline(now);
  for (const auto& [number, playing] : playing_) {
    actions_.push_back(CloseAction{number});
  }
  while (!playing_.empty()) {
    end(playing_.begin()->first, Ending::restarted);
  }
  std::fill(taken_.begin(), taken_.end(), 0);
  next_answer_times_ = 0;
}

void ScenarioPlayer::forget_requests() {
  requests_.clear();
  requests_dropped_ = 0;
}

}  // namespace regstream::harness
