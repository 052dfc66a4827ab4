// The calls of clients; abi.hpp says what each does.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "abi.hpp"
#include "client.hpp"
#include "exchange.hpp"
#include "handle_table.hpp"
#include "workflow_text.hpp"

namespace regstream::abi {
namespace {

/// A page shows a handful of streams; more than this many are a leak.
constexpr std::size_t clients_max = 256;

HandleTable<Client, clients_max>& clients() {
  static HandleTable<Client, clients_max> table;
  return table;
}

// connection.ts and message_batch.ts use these numbers; an inserted value must not go unnoticed.
static_assert(static_cast<int>(ConnectionState::closed) == 5);
static_assert(static_cast<int>(ConnectionReason::polled) == 27);
static_assert(static_cast<int>(TransportEnd::refused_unseen) == 2);
static_assert(static_cast<int>(TransportKind::polling) == 2);
static_assert(static_cast<int>(TokenFailure::for_good) == 1);
static_assert(static_cast<int>(RetryPolicy::standard) == 1);
static_assert(static_cast<int>(StageStatus::skipped) == 3);
static_assert(static_cast<int>(MessageKind::token_expiring) == 9);

/// A JavaScript number may be anything, and converting NaN or infinity to an integer would trap.
std::int64_t whole_ms(double value) {
  constexpr double most = 9007199254740991.0;
  return std::isnan(value) ? 0 : static_cast<std::int64_t>(std::clamp(value, -most, most));
}

StreamEnd end_of(std::uint32_t ends) {
  return ends == 0 ? StreamEnd::never : StreamEnd::final_status;
}

Instant instant(double now_ms) {
  return Instant(Duration(whole_ms(now_ms)));
}

/// The module's workflows, which stay as long as it does: a page has a handful of them, and its
/// streams come and go.
constexpr std::size_t workflows_max = 64;

struct KnownWorkflow {
  std::string text;
  Workflow workflow;
};

std::vector<std::unique_ptr<KnownWorkflow>>& workflows() {
  static std::vector<std::unique_ptr<KnownWorkflow>> known;
  return known;
}

/// Null if `handle` is not a workflow.
const Workflow* find_workflow(std::uint32_t handle) {
  const auto& known = workflows();
  return handle == 0 || handle > known.size() ? nullptr : &known[handle - 1]->workflow;
}

ActionKind describe(const RequestToken& request, Client& /*client*/, Result& result) {
  result.attempt = static_cast<std::uint32_t>(request.attempt);
  return request.is_refused ? ActionKind::request_fresh_token : ActionKind::request_token;
}

ActionKind describe(const OpenTransport& open, Client& client, Result& result) {
  result.attempt = static_cast<std::uint32_t>(open.attempt);
  result.text = bytes_of(open.last_event_id);
  result.to = static_cast<std::uint32_t>(open.kind);
  result.query = bytes_of(client.request_query(open.kind));
  return ActionKind::open;
}

ActionKind describe(const OpenProbe& probe, Client& client, Result& result) {
  result.attempt = static_cast<std::uint32_t>(probe.attempt);
  result.query = bytes_of(client.request_query(TransportKind::polling));
  return ActionKind::open_probe;
}

ActionKind describe(const CloseProbe& /*close*/, Client& /*client*/, Result& /*result*/) {
  return ActionKind::close_probe;
}

ActionKind describe(const CloseTransport& /*close*/, Client& /*client*/, Result& /*result*/) {
  return ActionKind::close;
}

ActionKind describe(const StateChanged& change, Client& /*client*/, Result& result) {
  result.to = static_cast<std::uint32_t>(change.to);
  result.reason = static_cast<std::uint32_t>(change.reason);
  result.is_connected = change.is_connected ? 1 : 0;
  return ActionKind::state_changed;
}

/// Returns the records of the session's last input, if that was accepted.
std::int32_t read_messages(Client& client, bool is_accepted) {
  std::int32_t count = -1;
  if (is_accepted) {
    Batch& batch = begin_batch();
    client.write_messages(batch, result_record());
    count = static_cast<std::int32_t>(batch.messages.size());
  }
  release_input();
  return count;
}

}  // namespace

std::uint32_t workflow_create(std::uint32_t size) {
  const auto texts = two_inputs(size, 0);
  if (!texts || size > workflow_bytes_max) {
    return 0;
  }
  auto& known = workflows();
  const std::string_view text = texts->first;
  for (std::size_t index = 0; index < known.size(); ++index) {
    if (known[index]->text == text) {
      return static_cast<std::uint32_t>(index + 1);
    }
  }
  auto next = std::make_unique<KnownWorkflow>();
  if (!read_workflow(text, next->workflow) || known.size() == workflows_max) {
    return 0;
  }
  next->text = text;
  known.push_back(std::move(next));
  release_input();
  return static_cast<std::uint32_t>(known.size());
}

std::uint32_t query_size(std::uint32_t workflow_handle, std::uint32_t ends,
                         std::uint32_t ids_size) {
  const Workflow* const workflow = find_workflow(workflow_handle);
  const auto texts = two_inputs(ids_size, 0);
  if (workflow == nullptr || !texts) {
    return 0;
  }
  const auto ids = read_ids(texts->first, *workflow);
  return can_ask(ids, *workflow, end_of(ends))
             ? static_cast<std::uint32_t>(longest_query_bytes(ids, *workflow))
             : 0;
}

std::uint32_t client_create(std::uint32_t workflow_handle, std::uint32_t policy,
                            std::uint32_t seed_high, std::uint32_t seed_low, std::uint32_t traits,
                            std::uint32_t ends, std::uint32_t ids_size,
                            std::uint32_t last_event_id_size) {
  const Workflow* const workflow = find_workflow(workflow_handle);
  const auto texts = two_inputs(ids_size, last_event_id_size);
  if (workflow == nullptr || !texts || policy > static_cast<std::uint32_t>(RetryPolicy::standard)) {
    return 0;
  }
  const auto ids = read_ids(texts->first, *workflow);
  if (!can_ask(ids, *workflow, end_of(ends))) {
    return 0;
  }
  ConnectionOptions options;
  options.policy = static_cast<RetryPolicy>(policy);
  options.needs_token = (traits & 1U) != 0;
  options.can_see = (traits & 2U) != 0;
  options.polls.are_possible = (traits & 4U) != 0;
  const std::uint64_t seed = (static_cast<std::uint64_t>(seed_high) << 32U) | seed_low;
  auto client =
      std::make_unique<Client>(options, seed, *workflow, ids, texts->second, end_of(ends));
  release_input();
  return clients().insert(std::move(client));
}

void client_restore(std::uint32_t handle, std::uint32_t id_size, std::uint32_t view_size) {
  Client* const client = clients().find(handle);
  const auto texts = two_inputs(id_size, view_size);
  if (client == nullptr || !texts) {
    return;
  }
  const auto ids = read_ids(texts->first, client->session().workflow());
  if (ids.size() == 1) {
    client->restore(ids.front(), texts->second);
  }
  release_input();
}

std::uint32_t client_follow(std::uint32_t handle, std::uint32_t ids_size, double now_ms) {
  Client* const client = clients().find(handle);
  const auto texts = two_inputs(ids_size, 0);
  if (client == nullptr || !texts) {
    return 0;
  }
  const auto ids = read_ids(texts->first, client->session().workflow());
  return client->session().follow(ids, instant(now_ms)) ? 1 : 0;
}

void client_destroy(std::uint32_t handle) {
  clients().erase(handle);
}

void client_connect(std::uint32_t handle, double now_ms) {
  if (Client* const client = clients().find(handle)) {
    client->session().connect(instant(now_ms));
  }
}

void client_close(std::uint32_t handle, double now_ms) {
  if (Client* const client = clients().find(handle)) {
    client->session().close(instant(now_ms));
  }
}

void client_signal(std::uint32_t handle, std::uint32_t signal, double now_ms) {
  Client* const client = clients().find(handle);
  if (client == nullptr) {
    return;
  }
  StreamSession& session = client->session();
  const Instant now = instant(now_ms);
  switch (static_cast<Signal>(signal)) {
    case Signal::online:
      return session.on_online(now);
    case Signal::offline:
      return session.on_offline(now);
    case Signal::visible:
      return session.on_visible(now);
    case Signal::restored:
      return session.on_restored(now);
  }
}

void client_token(std::uint32_t handle, std::uint32_t attempt, double now_ms) {
  if (Client* const client = clients().find(handle)) {
    client->session().on_token(AttemptId{attempt}, instant(now_ms));
  }
}

void client_token_failed(std::uint32_t handle, std::uint32_t attempt, std::uint32_t failure,
                         double now_ms) {
  if (Client* const client = clients().find(handle)) {
    const bool is_for_good = failure == static_cast<std::uint32_t>(TokenFailure::for_good);
    client->session().on_token_failed(AttemptId{attempt},
                                      is_for_good ? TokenFailure::for_good : TokenFailure::may_pass,
                                      instant(now_ms));
  }
}

void client_response(std::uint32_t handle, std::uint32_t attempt, std::uint32_t status,
                     std::uint32_t is_event_stream, std::uint32_t is_coded, double retry_after_ms,
                     double now_ms) {
  if (Client* const client = clients().find(handle)) {
    ResponseHead head;
    head.status = static_cast<std::uint16_t>(std::min<std::uint32_t>(status, 999));
    head.is_event_stream = is_event_stream != 0;
    head.is_coded = is_coded != 0;
    if (retry_after_ms >= 0) {
      head.retry_after = Duration(whole_ms(retry_after_ms));
    }
    client->session().on_response(AttemptId{attempt}, head, instant(now_ms));
  }
}

std::int32_t client_event(std::uint32_t handle, std::uint32_t attempt, std::int32_t id_size,
                          std::uint32_t data_size, double now_ms) {
  Client* const client = clients().find(handle);
  const auto texts = two_inputs(static_cast<std::uint32_t>(std::max(id_size, 0)), data_size);
  if (client == nullptr || !texts) {
    return -1;
  }
  const auto id = id_size < 0 ? std::nullopt : std::optional(texts->first);
  return read_messages(
      *client, client->session().on_event(AttemptId{attempt}, texts->second, id, instant(now_ms)));
}

std::int32_t client_bytes(std::uint32_t handle, std::uint32_t attempt, std::uint32_t size,
                          double now_ms) {
  Client* const client = clients().find(handle);
  const auto bytes = stream_input(size);
  if (client == nullptr || !bytes) {
    return -1;
  }
  return read_messages(*client,
                       client->session().on_bytes(AttemptId{attempt}, *bytes, instant(now_ms)));
}

std::uint32_t client_probe_bytes(std::uint32_t handle, std::uint32_t attempt, std::uint32_t size,
                                 double now_ms) {
  Client* const client = clients().find(handle);
  const auto bytes = stream_input(size);
  if (client == nullptr || !bytes) {
    return 0;
  }
  return client->session().on_probe_bytes(AttemptId{attempt}, *bytes, instant(now_ms)) ? 1 : 0;
}

void client_end(std::uint32_t handle, std::uint32_t attempt, std::uint32_t end, double now_ms) {
  if (Client* const client = clients().find(handle)) {
    const bool is_known = end <= static_cast<std::uint32_t>(TransportEnd::refused_unseen);
    client->session().on_end(AttemptId{attempt},
                             is_known ? static_cast<TransportEnd>(end) : TransportEnd::failed,
                             instant(now_ms));
  }
}

double client_deadline(std::uint32_t handle) {
  const Client* const client = clients().find(handle);
  const auto deadline = client == nullptr ? std::nullopt : client->session().next_deadline();
  return deadline ? static_cast<double>(deadline->time_since_epoch().count())
                  : std::numeric_limits<double>::infinity();
}

void client_handle_deadline(std::uint32_t handle, double now_ms) {
  if (Client* const client = clients().find(handle)) {
    client->session().handle_deadline(instant(now_ms));
  }
}

std::uint32_t client_poll(std::uint32_t handle) {
  Client* const client = clients().find(handle);
  const auto action = client == nullptr ? std::nullopt : client->session().poll_action();
  ActionKind kind = ActionKind::none;
  if (action) {
    kind = std::visit([client](const auto& one) { return describe(one, *client, result_record()); },
                      *action);
  }
  return static_cast<std::uint32_t>(kind);
}

}  // namespace regstream::abi
