#pragma once

#include <cstdint>

#include "records.hpp"

/// The flat functions between the core and its JavaScript loader (src/core/core.ts), version 10.
///
/// Text and bytes go in through one input buffer: get room from `input`, write there, and pass the
/// sizes to the call that reads it. A call's results beyond its return value are in one result
/// record, and in the records and text that it points to, until the next call. Times are
/// milliseconds as double, so that JavaScript needs no BigInt.
///
/// No argument can trap. With an invalid handle, or a size beyond the input or its limit, a call
/// does nothing.
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
  request_fresh_token = 5,  ///< The last token was refused, or expires soon.
  open_probe = 6,
  close_probe = 7,
};

/// The signals that a page gets from its environment.
enum class Signal : std::uint32_t { online = 0, offline = 1, visible = 2, restored = 3 };

/// The version that core.ts compares first: a module and a loader of different builds don't fit.
REGSTREAM_EXPORT(abi_version) std::uint32_t abi_version();

/// Returns room for `size` bytes of input, or null if that is over the limit.
REGSTREAM_EXPORT(input) char* input(std::uint32_t size);

/// The largest size that `input` accepts.
REGSTREAM_EXPORT(input_limit) std::uint32_t input_limit();

/// The most bytes of a stream that one call accepts. The records of small messages take far more
/// memory than their bytes; this limit bounds that.
REGSTREAM_EXPORT(bytes_limit) std::uint32_t bytes_limit();

/// The result record, always at the same address.
REGSTREAM_EXPORT(result) const Result* result();

// --- Workflows ----------------------------------------------------------------------------------

/// Returns the workflow that the input declares, in the form of workflow_text.hpp. It stays as long
/// as the module does, and the same text gives the same workflow. 0: the text is malformed or over
/// 64 KiB, or there are 64 other workflows.
REGSTREAM_EXPORT(workflow_create) std::uint32_t workflow_create(std::uint32_t size);

/// Returns the bytes of the longest query of one stream that follows the ids in the input, each
/// ended by a line feed; with `ends` the query asks for `until=final`. 0: one stream can't follow
/// them. Either there are none, or one is not of the workflow's kind, or there are more than 100,
/// or they take more than 5888 bytes, or, with `ends`, there is more than one.
REGSTREAM_EXPORT(query_size)
std::uint32_t query_size(std::uint32_t workflow, std::uint32_t ends, std::uint32_t ids_size);

// --- Clients: the sessions of streams -----------------------------------------------------------

/// Creates a client. 0: there are too many, or the policy or workflow is unknown, or one stream
/// can't follow the ids (`query_size`). `traits` is a sum: 1 if the client requests a token before
/// it opens a transport, 2 if the page has a transport that sees statuses
/// (`ConnectionOptions::can_see`), 4 if it has one that polls (`PollOptions::are_possible`). With
/// `ends` its stream ends with the final update. Input: the ids, each ended by a line feed, none
/// for every instance; then the last event id that an earlier client of the same stream left, which
/// must be valid for all these ids: add newer ids with `client_follow`.
REGSTREAM_EXPORT(client_create)
std::uint32_t client_create(std::uint32_t workflow, std::uint32_t policy, std::uint32_t seed_high,
                            std::uint32_t seed_low, std::uint32_t traits, std::uint32_t ends,
                            std::uint32_t ids_size, std::uint32_t last_event_id_size);

/// Restores a view that an earlier client left; call it before `client_connect`. Input: the
/// instance's id, then the view as a snapshot's JSON text. An unreadable view leaves a gap: its
/// history is lost. Nothing happens if the id is not one of the client's.
REGSTREAM_EXPORT(client_restore)
void client_restore(std::uint32_t handle, std::uint32_t id_size, std::uint32_t view_size);

/// Replaces the client's ids by those in the input, each ended by a line feed. An open stream is
/// replaced after a frame (`client_deadline`), and no connection is lost. An id that leaves loses
/// its view. Returns 0 and changes nothing if a stream can't follow the ids (`query_size`), if
/// there are none, or if the client follows every instance.
REGSTREAM_EXPORT(client_follow)
std::uint32_t client_follow(std::uint32_t handle, std::uint32_t ids_size, double now_ms);

/// Frees the client; its handle is invalid from now on.
REGSTREAM_EXPORT(client_destroy) void client_destroy(std::uint32_t handle);

REGSTREAM_EXPORT(client_connect) void client_connect(std::uint32_t handle, double now_ms);
REGSTREAM_EXPORT(client_close) void client_close(std::uint32_t handle, double now_ms);

/// `signal` is a `Signal`; any other number does nothing.
REGSTREAM_EXPORT(client_signal)
void client_signal(std::uint32_t handle, std::uint32_t signal, double now_ms);

/// The page has a token for `attempt`. The module never sees the token.
REGSTREAM_EXPORT(client_token)
void client_token(std::uint32_t handle, std::uint32_t attempt, double now_ms);

/// `failure` is a `TokenFailure`; any other number counts as temporary.
REGSTREAM_EXPORT(client_token_failed)
void client_token_failed(std::uint32_t handle, std::uint32_t attempt, std::uint32_t failure,
                         double now_ms);

/// `retry_after_ms` below 0: the server sent none. `is_coded`: the body has a content coding that
/// the transport does not decode.
REGSTREAM_EXPORT(client_response)
void client_response(std::uint32_t handle, std::uint32_t attempt, std::uint32_t status,
                     std::uint32_t is_event_stream, std::uint32_t is_coded, double retry_after_ms,
                     double now_ms);

/// Input: an event's last event id, then its data; `id_size` is below 0 if the id has not changed.
/// Returns the number of records; -1: the event was refused. Result: `records` (`MessageRecord`),
/// their `text`, `json`, `cursors`, `cursor_begin`, `resets`, `views` (`ViewRecord`) and
/// `view_count`. After an `end` the client has closed itself.
REGSTREAM_EXPORT(client_event)
std::int32_t client_event(std::uint32_t handle, std::uint32_t attempt, std::int32_t id_size,
                          std::uint32_t data_size, double now_ms);

/// Input: bytes of the stream, at most `bytes_limit`. The return value and the result are those of
/// `client_event`.
REGSTREAM_EXPORT(client_bytes)
std::int32_t client_bytes(std::uint32_t handle, std::uint32_t attempt, std::uint32_t size,
                          double now_ms);

/// Input: bytes of the probe beside `attempt`, at most `bytes_limit`. Returns 1 if they completed
/// an event and polls replace the stream; the rest of the probe is then of no use.
REGSTREAM_EXPORT(client_probe_bytes)
std::uint32_t client_probe_bytes(std::uint32_t handle, std::uint32_t attempt, std::uint32_t size,
                                 double now_ms);

/// `end` is a `TransportEnd`; any other number counts as failed.
REGSTREAM_EXPORT(client_end)
void client_end(std::uint32_t handle, std::uint32_t attempt, std::uint32_t end, double now_ms);

/// When to call `client_handle_deadline`; infinity: not for now.
REGSTREAM_EXPORT(client_deadline) double client_deadline(std::uint32_t handle);

REGSTREAM_EXPORT(client_handle_deadline)
void client_handle_deadline(std::uint32_t handle, double now_ms);

/// Returns the next action's `ActionKind`. Result, by action:
/// - open: `attempt`, `to` (a `TransportKind`), `text` (the last event id) and `query` (of the
///   request, percent-encoded and without its `?`; empty: every instance);
/// - open_probe: `attempt` and `query`;
/// - request_token and request_fresh_token: `attempt`;
/// - state_changed: `to`, `reason` and `is_connected`, which stays 1 while an open stream is
///   replaced because of `client_follow` or because its token expires soon.
REGSTREAM_EXPORT(client_poll) std::uint32_t client_poll(std::uint32_t handle);

// --- Parsers of event streams --------------------------------------------------------------------

/// Creates a parser. 0: there are too many. Input: the last event id that an earlier stream left.
REGSTREAM_EXPORT(parser_create)
std::uint32_t parser_create(std::uint32_t line_bytes_max, std::uint32_t event_bytes_max,
                            std::uint32_t id_bytes_max, std::uint32_t id_size);

REGSTREAM_EXPORT(parser_destroy) void parser_destroy(std::uint32_t handle);

/// Input: the next bytes, at most `bytes_limit`. Returns the number of events that they completed.
/// Result: `records` (`EventRecord`), `skipped` (`SkippedRecord`), `skipped_count`, and `text`,
/// which both kinds of records refer to.
REGSTREAM_EXPORT(parser_push)
std::uint32_t parser_push(std::uint32_t handle, std::uint32_t size);

/// The next bytes belong to another connection.
REGSTREAM_EXPORT(parser_reconnect) void parser_reconnect(std::uint32_t handle);

/// The reconnection time that the stream set, in milliseconds; below 0: none.
REGSTREAM_EXPORT(parser_retry) double parser_retry(std::uint32_t handle);

/// Result: `text`, the id that a reconnect has to send as Last-Event-ID.
REGSTREAM_EXPORT(parser_last_event_id) void parser_last_event_id(std::uint32_t handle);

}  // namespace regstream::abi
