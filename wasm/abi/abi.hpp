#pragma once

#include <cstdint>

#include "records.hpp"

/// The flat functions between the core and its JavaScript loader (src/core/core.ts), version 10.
///
/// Text and bytes go in through one input buffer: ask `input` for room, write there, and give the
/// sizes to the call that reads it. What a call gives back beyond its return value stands in one
/// result record, and in records and text that this one leads to, until the next call. Times are
/// milliseconds as double, so that JavaScript needs no BigInt.
///
/// No argument can trap: a handle that names nothing makes the call do nothing, as does a size
/// beyond the input or its limit.
#ifdef __wasm__
#define REGSTREAM_EXPORT(name) __attribute__((export_name(#name)))
#else
#define REGSTREAM_EXPORT(name)
#endif

namespace regstream::abi {

inline constexpr std::uint32_t abi_version_number = 10;

/// The kinds of action that `client_poll` returns.
enum class ActionKind : std::uint32_t {
  none = 0,
  open = 1,
  close = 2,
  state_changed = 3,
  request_token = 4,
  request_fresh_token = 5,  ///< The last one was refused, or expires soon.
  open_probe = 6,
  close_probe = 7,
};

/// What the page hears from its environment.
enum class Signal : std::uint32_t { online = 0, offline = 1, visible = 2, restored = 3 };

/// What core.ts compares first: a module and a loader of different builds don't fit.
REGSTREAM_EXPORT(abi_version) std::uint32_t abi_version();

/// Room for `size` bytes of input, or null if that is over the limit.
REGSTREAM_EXPORT(input) char* input(std::uint32_t size);

/// The most that `input` gives.
REGSTREAM_EXPORT(input_limit) std::uint32_t input_limit();

/// The most bytes of a stream that one call takes. Small messages make far more than themselves of
/// their bytes: this bounds that.
REGSTREAM_EXPORT(bytes_limit) std::uint32_t bytes_limit();

/// The result record, always at the same address.
REGSTREAM_EXPORT(result) const Result* result();

// --- Workflows ----------------------------------------------------------------------------------

/// The workflow that the input declares, as workflow_text.hpp describes it; it stays for as long as
/// the module does, and the same text gives the same one. 0: it can't be read, it is over 64 KiB,
/// or there are 64 others.
REGSTREAM_EXPORT(workflow_create) std::uint32_t workflow_create(std::uint32_t size);

/// How many bytes the longest query of one stream takes that follows the ids in the input, each
/// ended by a line feed; with `ends` it asks for `until=final`. 0: one stream can't follow them, as
/// one is no id of the workflow's kind, or they are more than 100, take more than 5888 bytes, or,
/// with `ends`, are not exactly one. Also 0: there are none.
REGSTREAM_EXPORT(query_size)
std::uint32_t query_size(std::uint32_t workflow, std::uint32_t ends, std::uint32_t ids_size);

// --- Clients: the sessions of streams -----------------------------------------------------------

/// A new client, or 0: too many of them, an unknown policy or workflow, or ids that one stream
/// can't follow (`query_size`). `traits` is a sum: 1 where it asks for a token before it opens a
/// transport, 2 where the page has one that sees the answers (`ConnectionOptions::can_see`), 4
/// where it has one that polls (`PollOptions::are_possible`); with `ends` its stream is over with
/// the final update. Input: the ids, each ended by a line feed, none for every instance; then the
/// last event id that an earlier client of the same stream left, which has to be one of all these
/// ids: ids that are newer than it are added by `client_follow`.
REGSTREAM_EXPORT(client_create)
std::uint32_t client_create(std::uint32_t workflow, std::uint32_t policy, std::uint32_t seed_high,
                            std::uint32_t seed_low, std::uint32_t traits, std::uint32_t ends,
                            std::uint32_t ids_size, std::uint32_t last_event_id_size);

/// Takes over a view that an earlier client left, before `client_connect`. Input: the instance's
/// id, then the view as a snapshot's JSON text. A view that can't be read leaves a gap: its history
/// is lost. Nothing happens if the id is not one of the client's.
REGSTREAM_EXPORT(client_restore)
void client_restore(std::uint32_t handle, std::uint32_t id_size, std::uint32_t view_size);

/// Replaces the ids that the client follows by those in the input, each ended by a line feed; an
/// open stream is replaced with it after a frame (`client_deadline`), and no connection is lost. An
/// id that leaves loses its view. 0, and nothing changes: a stream can't follow them
/// (`query_size`), there are none, or the client follows every instance.
REGSTREAM_EXPORT(client_follow)
std::uint32_t client_follow(std::uint32_t handle, std::uint32_t ids_size, double now_ms);

/// Frees the client; its handle finds nothing from now on.
REGSTREAM_EXPORT(client_destroy) void client_destroy(std::uint32_t handle);

REGSTREAM_EXPORT(client_connect) void client_connect(std::uint32_t handle, double now_ms);
REGSTREAM_EXPORT(client_close) void client_close(std::uint32_t handle, double now_ms);

/// `signal` is a `Signal`; a number that is none does nothing.
REGSTREAM_EXPORT(client_signal)
void client_signal(std::uint32_t handle, std::uint32_t signal, double now_ms);

/// There is a token for `attempt`. It never comes in here.
REGSTREAM_EXPORT(client_token)
void client_token(std::uint32_t handle, std::uint32_t attempt, double now_ms);

/// `failure` is a `TokenFailure`; a number that is none counts as one that may pass.
REGSTREAM_EXPORT(client_token_failed)
void client_token_failed(std::uint32_t handle, std::uint32_t attempt, std::uint32_t failure,
                         double now_ms);

/// `retry_after_ms` below 0: the server named none. `is_coded`: the body is in a coding that the
/// transport does not undo.
REGSTREAM_EXPORT(client_response)
void client_response(std::uint32_t handle, std::uint32_t attempt, std::uint32_t status,
                     std::uint32_t is_event_stream, std::uint32_t is_coded, double retry_after_ms,
                     double now_ms);

/// Input: an event's last event id, then its data; `id_size` below 0 where the id has not changed.
/// Returns how many records it made; -1: none, the event was refused. Result: `records`
/// (`MessageRecord`), `text` (theirs), `json`, `cursors`, `cursor_begin`, `resets`, `views`
/// (`ViewRecord`) and `view_count`. Behind an `end` the client has closed itself.
REGSTREAM_EXPORT(client_event)
std::int32_t client_event(std::uint32_t handle, std::uint32_t attempt, std::int32_t id_size,
                          std::uint32_t data_size, double now_ms);

/// Input: bytes of the stream, at most `bytes_limit`. Returns and result as of `client_event`.
REGSTREAM_EXPORT(client_bytes)
std::int32_t client_bytes(std::uint32_t handle, std::uint32_t attempt, std::uint32_t size,
                          double now_ms);

/// Input: bytes of the probe beside `attempt`, at most `bytes_limit`. 1: they have brought an
/// event, and polls take the stream's place: what is left of them is of no use.
REGSTREAM_EXPORT(client_probe_bytes)
std::uint32_t client_probe_bytes(std::uint32_t handle, std::uint32_t attempt, std::uint32_t size,
                                 double now_ms);

/// `end` is a `TransportEnd`; a number that is none counts as failed.
REGSTREAM_EXPORT(client_end)
void client_end(std::uint32_t handle, std::uint32_t attempt, std::uint32_t end, double now_ms);

/// When to call `client_handle_deadline`; infinity: not at all, for now.
REGSTREAM_EXPORT(client_deadline) double client_deadline(std::uint32_t handle);

REGSTREAM_EXPORT(client_handle_deadline)
void client_handle_deadline(std::uint32_t handle, double now_ms);

/// The next action's `ActionKind`. Result: of open `attempt`, `to` (a `TransportKind`), `text` (the
/// last event id) and `query` (what the request asks for, percent-encoded and without its `?`;
/// empty: every instance); of a probe's opening `attempt` and `query`;
/// of a token's request `attempt`; of a state change `to`, `reason` and `is_connected`, which stays
/// 1 while an open stream is replaced: because of `client_follow`, or since its token expires soon.
REGSTREAM_EXPORT(client_poll) std::uint32_t client_poll(std::uint32_t handle);

// --- Parsers of event streams --------------------------------------------------------------------

/// A new parser, or 0: too many of them. Input: the last event id that an earlier stream left.
REGSTREAM_EXPORT(parser_create)
std::uint32_t parser_create(std::uint32_t line_bytes_max, std::uint32_t event_bytes_max,
                            std::uint32_t id_bytes_max, std::uint32_t id_size);

REGSTREAM_EXPORT(parser_destroy) void parser_destroy(std::uint32_t handle);

/// Input: the next bytes, at most `bytes_limit`. Returns how many events they completed. Result:
/// `records` (`EventRecord`), `skipped` (`SkippedRecord`) and `skipped_count`, `text` (theirs).
REGSTREAM_EXPORT(parser_push)
std::uint32_t parser_push(std::uint32_t handle, std::uint32_t size);

/// The next bytes are another connection's.
REGSTREAM_EXPORT(parser_reconnect) void parser_reconnect(std::uint32_t handle);

/// The reconnection time that the stream has named, in milliseconds; below 0: none.
REGSTREAM_EXPORT(parser_retry) double parser_retry(std::uint32_t handle);

/// Result: `text`, what a reconnect has to send as Last-Event-ID.
REGSTREAM_EXPORT(parser_last_event_id) void parser_last_event_id(std::uint32_t handle);

}  // namespace regstream::abi
