// The flat C ABI between the core and its JavaScript loader (core.ts), version 5.
//
// Text and bytes go in through one shared input buffer: ask `input` for room, write there, and give
// the sizes to the call that reads it. What a call gives back beyond its return value stands in one
// shared result record until the next call; records, and the text that they cut, belong to their
// client or parser, and stand until that one's next call. Times are milliseconds as f64, so that
// JavaScript needs no BigInt. No argument can trap: a handle that names nothing makes the call do
// nothing.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "client.hpp"
#include "event_parser.hpp"
#include "handle_table.hpp"

#ifdef __wasm__
#define REGSTREAM_EXPORT(name) extern "C" __attribute__((export_name(#name)))
#else
#define REGSTREAM_EXPORT(name) extern "C"
#endif

namespace {

using namespace regstream;        // NOLINT: this file is the ABI of that namespace.
using namespace regstream::wasm;  // NOLINT

constexpr std::uint32_t abi_version_number = 5;

/// A page shows a handful of streams; this many are a leak.
constexpr std::size_t clients_max = 256;
constexpr std::size_t parsers_max = 256;

/// An event at its limit, and an id. The room is larger than the client's limits together, so that
/// JavaScript may cut what does not fit: what is left is over a limit still, and the client says
/// so.
constexpr std::size_t input_bytes_max = CodecLimits{}.stream_message_bytes_max + 8192;

/// A buffer that one large message grew is given back after it.
constexpr std::size_t input_bytes_kept = std::size_t{64} << 10U;

/// The result record: 32-bit words, their order part of the ABI. Each call says which it sets.
struct Result {
  std::uintptr_t text = 0;  ///< Address of UTF-8 text.
  std::uint32_t text_size = 0;
  std::uint32_t attempt = 0;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint32_t reason = 0;
  std::uintptr_t records = 0;  ///< Address of records.
  std::uintptr_t json = 0;     ///< Address of the JSON texts that the records name.
  std::uint32_t json_size = 0;
  std::uint32_t view_changed = 0;
  std::uintptr_t skipped = 0;  ///< Address of records of what was skipped.
  std::uint32_t skipped_count = 0;
  std::uintptr_t cursors = 0;  ///< Address of the cursors that the records name.
  std::uint32_t cursors_size = 0;
};
#ifdef __wasm__
static_assert(sizeof(Result) == 56);
static_assert(sizeof(MessageRecord) == 80);
static_assert(sizeof(EventRecord) == 24);
static_assert(sizeof(SkippedRecord) == 24);
#endif

enum class ActionKind : std::uint32_t {
  none = 0,
  open = 1,
  close = 2,
  state_changed = 3,
  request_token = 4,
  request_fresh_token = 5,  ///< The last one was refused.
};

/// What the page hears from its environment.
enum class Signal : std::uint32_t { online = 0, offline = 1, visible = 2, restored = 3 };

// core.ts names these by number; inserting a value in the core must not pass unnoticed.
static_assert(static_cast<int>(ConnectionState::closed) == 5);
static_assert(static_cast<int>(ConnectionReason::wrong_content_coding) == 22);
static_assert(static_cast<int>(TransportEnd::refused_unseen) == 2);
static_assert(static_cast<int>(TokenFailure::for_good) == 1);
static_assert(static_cast<int>(RetryPolicy::standard) == 1);
static_assert(static_cast<int>(StageStatus::skipped) == 3);
static_assert(static_cast<int>(Status::other) == 5);
static_assert(static_cast<int>(sse::SkipReason::id_too_long) == 2);

struct Shared {
  HandleTable<Client, clients_max> clients;
  HandleTable<EventParser, parsers_max> parsers;
  std::string input;
  std::string output;
  Result result;
};

/// The module is one thread's, and an object of static storage is how a C ABI keeps its state.
Shared& shared() {
  static Shared instance;
  return instance;
}

Client* find(std::uint32_t handle) {
  return shared().clients.find(handle);
}

EventParser* find_parser(std::uint32_t handle) {
  return shared().parsers.find(handle);
}

/// JavaScript numbers may be anything; converting NaN or infinity to an integer would trap.
std::int64_t whole_ms(double value) {
  constexpr double most = 9007199254740991.0;
  return std::isnan(value) ? 0 : static_cast<std::int64_t>(std::clamp(value, -most, most));
}

Instant instant(double now_ms) {
  return Instant(Duration(whole_ms(now_ms)));
}

void set_text(std::string_view text) {
  shared().result.text = reinterpret_cast<std::uintptr_t>(text.data());
  shared().result.text_size = static_cast<std::uint32_t>(text.size());
}

/// Two texts, one after the other in the input buffer; nothing if they are not in it.
std::optional<std::pair<std::string_view, std::string_view>> two_inputs(std::uint32_t first_size,
                                                                        std::uint32_t second_size) {
  const std::string_view input = shared().input;
  if (first_size > input.size() || second_size > input.size() - first_size) {
    return std::nullopt;
  }
  return std::pair(input.substr(0, first_size), input.substr(first_size, second_size));
}

template <typename Record>
std::uint32_t set_batch(const Batch<Record>& batch) {
  set_text(batch.text());
  shared().result.records = reinterpret_cast<std::uintptr_t>(batch.records().data());
  return static_cast<std::uint32_t>(batch.records().size());
}

void set_messages(const Client& client) {
  shared().result.json = reinterpret_cast<std::uintptr_t>(client.json().data());
  shared().result.json_size = static_cast<std::uint32_t>(client.json().size());
  shared().result.cursors = reinterpret_cast<std::uintptr_t>(client.cursors().data());
  shared().result.cursors_size = static_cast<std::uint32_t>(client.cursors().size());
  shared().result.view_changed = client.view_changed() ? 1 : 0;
}

void release_input() {
  if (shared().input.capacity() > input_bytes_kept) {
    shared().input.clear();
    shared().input.shrink_to_fit();
  }
}

std::uint32_t describe(const RequestToken& request, const Client& /*client*/) {
  shared().result.attempt = static_cast<std::uint32_t>(request.attempt);
  return static_cast<std::uint32_t>(request.is_refused ? ActionKind::request_fresh_token
                                                       : ActionKind::request_token);
}

std::uint32_t describe(const OpenTransport& open, const Client& client) {
  shared().result.attempt = static_cast<std::uint32_t>(open.attempt);
  set_text(client.cursor());
  return static_cast<std::uint32_t>(ActionKind::open);
}

std::uint32_t describe(const CloseTransport& close, const Client& /*client*/) {
  shared().result.attempt = static_cast<std::uint32_t>(close.attempt);
  return static_cast<std::uint32_t>(ActionKind::close);
}

std::uint32_t describe(const StateChanged& change, const Client& /*client*/) {
  shared().result.from = static_cast<std::uint32_t>(change.from);
  shared().result.to = static_cast<std::uint32_t>(change.to);
  shared().result.reason = static_cast<std::uint32_t>(change.reason);
  return static_cast<std::uint32_t>(ActionKind::state_changed);
}

}  // namespace

/// What core.ts compares first: a module and a loader of different builds don't fit.
REGSTREAM_EXPORT(abi_version) std::uint32_t abi_version() {
  return abi_version_number;
}

/// Room for `size` bytes of input, or 0 if that is over the limit.
REGSTREAM_EXPORT(input) char* input(std::uint32_t size) {
  if (size > input_bytes_max) {
    return nullptr;
  }
  shared().input.resize(size);
  return shared().input.data();
}

/// The most that `input` gives.
REGSTREAM_EXPORT(input_limit) std::uint32_t input_limit() {
  return input_bytes_max;
}

/// The result record, always at the same address.
REGSTREAM_EXPORT(result) const Result* result() {
  return &shared().result;
}

/// A new client, or 0: too many of them, an unknown policy, or an id that is not one (0: all
/// registrations). With `needs_token` it asks for a token before it opens a transport.
REGSTREAM_EXPORT(client_create)
std::uint32_t client_create(std::uint32_t policy, std::uint32_t seed_high, std::uint32_t seed_low,
                            double registration_id, std::uint32_t needs_token) {
  if (policy > static_cast<std::uint32_t>(RetryPolicy::standard) ||
      !(registration_id >= 0 && registration_id <= static_cast<double>(registration_id_max)) ||
      registration_id != std::floor(registration_id)) {
    return 0;
  }
  ConnectionOptions options;
  options.policy = static_cast<RetryPolicy>(policy);
  options.needs_token = needs_token != 0;
  const std::uint64_t seed = (static_cast<std::uint64_t>(seed_high) << 32U) | seed_low;
  return shared().clients.insert(
      std::make_unique<Client>(options, seed, static_cast<std::int64_t>(registration_id)));
}

/// Frees the client; its handle finds nothing from now on.
REGSTREAM_EXPORT(client_destroy) void client_destroy(std::uint32_t handle) {
  shared().clients.erase(handle);
}

/// Input: the cursor, then the JSON text of a view; either may be empty. Call before connecting.
REGSTREAM_EXPORT(client_restore)
std::uint32_t client_restore(std::uint32_t handle, std::uint32_t cursor_size,
                             std::uint32_t view_size) {
  Client* client = find(handle);
  const auto texts = two_inputs(cursor_size, view_size);
  const bool restored =
      client != nullptr && texts.has_value() && client->restore(texts->first, texts->second);
  release_input();
  return restored ? 1 : 0;
}

REGSTREAM_EXPORT(client_connect) void client_connect(std::uint32_t handle, double now_ms) {
  if (Client* client = find(handle)) {
    client->connection().connect(instant(now_ms));
  }
}

REGSTREAM_EXPORT(client_close) void client_close(std::uint32_t handle, double now_ms) {
  if (Client* client = find(handle)) {
    client->connection().close(instant(now_ms));
  }
}

/// `signal` is a `Signal`; a number that is none does nothing.
REGSTREAM_EXPORT(client_signal)
void client_signal(std::uint32_t handle, std::uint32_t signal, double now_ms) {
  Client* client = find(handle);
  if (client == nullptr) {
    return;
  }
  Connection& connection = client->connection();
  const Instant now = instant(now_ms);
  switch (static_cast<Signal>(signal)) {
    case Signal::online:
      connection.on_online(now);
      return;
    case Signal::offline:
      connection.on_offline(now);
      return;
    case Signal::visible:
      connection.on_visible(now);
      return;
    case Signal::restored:
      connection.on_restored(now);
      return;
  }
}

/// There is a token for `attempt`. It never comes in here.
REGSTREAM_EXPORT(client_token)
void client_token(std::uint32_t handle, std::uint32_t attempt, double now_ms) {
  if (Client* client = find(handle)) {
    client->connection().on_token(AttemptId{attempt}, instant(now_ms));
  }
}

/// `failure` is a `TokenFailure`; a number that is none counts as one that may pass.
REGSTREAM_EXPORT(client_token_failed)
void client_token_failed(std::uint32_t handle, std::uint32_t attempt, std::uint32_t failure,
                         double now_ms) {
  if (Client* client = find(handle)) {
    const bool is_for_good = failure == static_cast<std::uint32_t>(TokenFailure::for_good);
    client->connection().on_token_failed(
        AttemptId{attempt}, is_for_good ? TokenFailure::for_good : TokenFailure::may_pass,
        instant(now_ms));
  }
}

/// `retry_after_ms` below 0: the server named none. `is_coded`: the body is in a coding that the
/// transport does not undo.
REGSTREAM_EXPORT(client_response)
void client_response(std::uint32_t handle, std::uint32_t attempt, std::uint32_t status,
                     std::uint32_t is_event_stream, std::uint32_t is_coded, double retry_after_ms,
                     double now_ms) {
  if (Client* client = find(handle)) {
    ResponseHead head;
    head.status = static_cast<std::uint16_t>(std::min<std::uint32_t>(status, 999));
    head.is_event_stream = is_event_stream != 0;
    head.is_coded = is_coded != 0;
    if (retry_after_ms >= 0) {
      head.retry_after = Duration(whole_ms(retry_after_ms));
    }
    client->respond(AttemptId{attempt}, head, instant(now_ms));
  }
}

/// Input: an event's last event id, then its data; `id_size` below 0 where the id has not changed.
/// Returns how many records it made, -1: none, the attempt is stale. Result: `records`
/// (`MessageRecord`), text (theirs), `json`, `cursors`, `view_changed`.
REGSTREAM_EXPORT(client_event)
std::int32_t client_event(std::uint32_t handle, std::uint32_t attempt, std::int32_t id_size,
                          std::uint32_t data_size, double now_ms) {
  Client* client = find(handle);
  const auto texts = two_inputs(static_cast<std::uint32_t>(std::max(id_size, 0)), data_size);
  if (client == nullptr || !texts) {
    return -1;
  }
  const bool is_taken = client->receive_event(
      AttemptId{attempt}, texts->second,
      id_size < 0 ? std::nullopt : std::optional<std::string_view>(texts->first), instant(now_ms));
  release_input();
  set_messages(*client);
  return is_taken ? static_cast<std::int32_t>(set_batch(client->messages())) : -1;
}

/// Input: bytes of the stream. Returns and result as of `client_event`.
REGSTREAM_EXPORT(client_bytes)
std::int32_t client_bytes(std::uint32_t handle, std::uint32_t attempt, std::uint32_t size,
                          double now_ms) {
  Client* client = find(handle);
  const auto texts = two_inputs(size, 0);
  if (client == nullptr || !texts) {
    return -1;
  }
  const bool is_taken = client->receive(AttemptId{attempt}, texts->first, instant(now_ms));
  release_input();
  set_messages(*client);
  return is_taken ? static_cast<std::int32_t>(set_batch(client->messages())) : -1;
}

/// Result text: the cursor to resume from.
REGSTREAM_EXPORT(client_cursor) void client_cursor(std::uint32_t handle) {
  const Client* client = find(handle);
  set_text(client == nullptr ? std::string_view() : client->cursor());
}

/// `end` is a `TransportEnd`; a number that is none counts as failed.
REGSTREAM_EXPORT(client_end)
void client_end(std::uint32_t handle, std::uint32_t attempt, std::uint32_t end, double now_ms) {
  if (Client* client = find(handle)) {
    const bool known = end <= static_cast<std::uint32_t>(TransportEnd::refused_unseen);
    client->connection().on_end(AttemptId{attempt},
                                known ? static_cast<TransportEnd>(end) : TransportEnd::failed,
                                instant(now_ms));
  }
}

/// When to call `client_handle_deadline`; infinity: not at all, for now.
REGSTREAM_EXPORT(client_deadline) double client_deadline(std::uint32_t handle) {
  Client* client = find(handle);
  const auto deadline = client == nullptr ? std::nullopt : client->connection().next_deadline();
  return deadline ? static_cast<double>(deadline->time_since_epoch().count())
                  : std::numeric_limits<double>::infinity();
}

REGSTREAM_EXPORT(client_handle_deadline)
void client_handle_deadline(std::uint32_t handle, double now_ms) {
  if (Client* client = find(handle)) {
    client->connection().handle_deadline(instant(now_ms));
  }
}

/// The next action's `ActionKind`. Result: of open `attempt` and text (the cursor), of close and of
/// a token's request `attempt`, of a state change `from`, `to`, `reason`.
REGSTREAM_EXPORT(client_poll) std::uint32_t client_poll(std::uint32_t handle) {
  Client* client = find(handle);
  if (client == nullptr) {
    return static_cast<std::uint32_t>(ActionKind::none);
  }
  const auto action = client->connection().poll_action();
  if (!action) {
    return static_cast<std::uint32_t>(ActionKind::none);
  }
  return std::visit([client](const auto& kind) { return describe(kind, *client); }, *action);
}

/// Result text: the view as JSON, empty where nothing is known.
REGSTREAM_EXPORT(client_view) void client_view(std::uint32_t handle) {
  Client* client = find(handle);
  shared().output = client == nullptr ? std::string() : client->view_json();
  set_text(shared().output);
}

/// A new parser, or 0: too many of them. Input: the last event id that an earlier stream left.
REGSTREAM_EXPORT(parser_create)
std::uint32_t parser_create(std::uint32_t line_bytes_max, std::uint32_t event_bytes_max,
                            std::uint32_t id_bytes_max, std::uint32_t id_size) {
  const auto texts = two_inputs(id_size, 0);
  if (!texts) {
    return 0;
  }
  const sse::ParserLimits limits{.line_bytes_max = line_bytes_max,
                                 .event_bytes_max = event_bytes_max,
                                 .id_bytes_max = id_bytes_max};
  return shared().parsers.insert(std::make_unique<EventParser>(limits, std::string(texts->first)));
}

REGSTREAM_EXPORT(parser_destroy) void parser_destroy(std::uint32_t handle) {
  shared().parsers.erase(handle);
}

/// Input: the next bytes. Returns how many events they completed. Result: `records`
/// (`EventRecord`), `skipped` (`SkippedRecord`) and `skipped_count`, text (theirs).
REGSTREAM_EXPORT(parser_push)
std::uint32_t parser_push(std::uint32_t handle, std::uint32_t size) {
  EventParser* parser = find_parser(handle);
  const auto texts = two_inputs(size, 0);
  shared().result.skipped_count = 0;
  if (parser == nullptr || !texts) {
    return 0;
  }
  parser->push(texts->first);
  release_input();
  shared().result.skipped = reinterpret_cast<std::uintptr_t>(parser->skipped().data());
  shared().result.skipped_count = static_cast<std::uint32_t>(parser->skipped().size());
  return set_batch(parser->batch());
}

/// The next bytes are another connection's.
REGSTREAM_EXPORT(parser_reconnect) void parser_reconnect(std::uint32_t handle) {
  if (EventParser* parser = find_parser(handle)) {
    parser->begin_connection();
  }
}

/// The reconnection time that the stream has named, in milliseconds; below 0: none.
REGSTREAM_EXPORT(parser_retry) double parser_retry(std::uint32_t handle) {
  const EventParser* parser = find_parser(handle);
  const auto retry = parser == nullptr ? std::nullopt : parser->parser().retry();
  return retry ? static_cast<double>(retry->count()) : -1;
}

/// Result text: what a reconnect has to send as Last-Event-ID.
REGSTREAM_EXPORT(parser_last_event_id) void parser_last_event_id(std::uint32_t handle) {
  const EventParser* parser = find_parser(handle);
  set_text(parser == nullptr ? std::string_view() : parser->parser().last_event_id());
}
