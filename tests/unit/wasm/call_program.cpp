#include "wasm/call_program.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>

#include "abi.hpp"
#include "wasm/records_read.hpp"

namespace regstream::abi {
namespace {

constexpr std::size_t until_bytes = std::string_view("&until=final").size();

void require(bool holds, const char* expectation) {
  if (!holds) {
    throw std::logic_error(expectation);
  }
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text.starts_with("\\n")) {
      text.remove_prefix(1);
      out.push_back('\n');
    } else {
      out.push_back(text.front());
    }
  }
  return out;
}

/// Writes `text` to the input buffer; returns how much of it has room.
std::uint32_t put_in(std::string_view text) {
  const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(text.size(), input_limit()));
  std::copy_n(text.begin(), size, input(size));
  return size;
}

}  // namespace

void CallProgram::run_line(std::string_view line) {
  if (line.empty()) {
    return;
  }
  const std::size_t bar = line.find('|');
  arguments_ = line.substr(1, bar == std::string_view::npos ? bar : bar - 1);
  if (bar != std::string_view::npos) {
    input_rest_ = put_in(unescaped(line.substr(bar + 1)));
  }
  call_workflow(line.front());
  call_client(line.front());
  call_parser(line.front());
}

void CallProgram::call_workflow(char what) {
  if (what == 'W') {
    workflows_.push_back(workflow_create(size()));
  } else if (what == 'w') {
    const std::uint32_t of = workflow();
    const std::uint32_t ends = word();
    require(query_size(of, ends, size()) <= stream_query_bytes_max, "a query has a limit");
  }
}

void CallProgram::call_client(char what) {
  switch (what) {
    case 'C': {
      const std::uint32_t of = workflow();
      const std::uint32_t policy = word();
      const std::uint32_t seed_high = word();
      const std::uint32_t seed_low = word();
      const std::uint32_t needs_token = word();
      const std::uint32_t ends = word();
      const std::uint32_t ids_size = size();
      clients_.push_back(
          client_create(of, policy, seed_high, seed_low, needs_token, ends, ids_size, size()));
      return;
    }
    case 'V': {
      const std::uint32_t client = handle();
      const std::uint32_t id_size = size();
      return client_restore(client, id_size, size());
    }
    case 'f': {
      const std::uint32_t client = handle();
      const std::uint32_t ids_size = size();
      (void)client_follow(client, ids_size, number());
      return;
    }
    case 'X':
      return client_destroy(handle());
    case 'c': {
      const std::uint32_t client = handle();
      return client_connect(client, number());
    }
    case 'x': {
      const std::uint32_t client = handle();
      return client_close(client, number());
    }
    case 's': {
      const std::uint32_t client = handle();
      const std::uint32_t signal = word();
      return client_signal(client, signal, number());
    }
    case 't': {
      const std::uint32_t client = handle();
      const std::uint32_t attempt = word();
      return client_token(client, attempt, number());
    }
    case 'T': {
      const std::uint32_t client = handle();
      const std::uint32_t attempt = word();
      const std::uint32_t failure = word();
      return client_token_failed(client, attempt, failure, number());
    }
    case 'r': {
      const std::uint32_t client = handle();
      const std::uint32_t attempt = word();
      const std::uint32_t status = word();
      const std::uint32_t is_event_stream = word();
      const std::uint32_t is_coded = word();
      const double retry_after_ms = number();
      return client_response(client, attempt, status, is_event_stream, is_coded, retry_after_ms,
                             number());
    }
    case 'e': {
      const std::uint32_t client = handle();
      const std::uint32_t attempt = word();
      const auto id_size = static_cast<std::int32_t>(size());
      const std::uint32_t data_size = size();
      const std::int32_t count = client_event(client, attempt, id_size, data_size, number());
      return read_batch(count, static_cast<std::uint32_t>(std::max(id_size, 0)) + data_size);
    }
    case 'b': {
      const std::uint32_t client = handle();
      const std::uint32_t attempt = word();
      const std::uint32_t bytes = size();
      return read_batch(client_bytes(client, attempt, bytes, number()), bytes);
    }
    case 'B': {
      const std::uint32_t client = handle();
      const std::uint32_t attempt = word();
      const std::uint32_t bytes = size();
      (void)client_probe_bytes(client, attempt, bytes, number());
      return;
    }
    case 'E': {
      const std::uint32_t client = handle();
      const std::uint32_t attempt = word();
      const std::uint32_t end = word();
      return client_end(client, attempt, end, number());
    }
    case 'd':
      return require(!std::isnan(client_deadline(handle())), "a deadline is a time, or never");
    case 'h': {
      const std::uint32_t client = handle();
      return client_handle_deadline(client, number());
    }
    case 'p': {
      const std::uint32_t client = handle();
      int polls = 0;
      for (std::uint32_t kind = 1; kind != 0; ++polls) {
        kind = client_poll(client);
        require(polls < 16, "actions come to an end");
        require(kind <= static_cast<std::uint32_t>(ActionKind::close_probe),
                "an action is of a kind that JavaScript knows");
        if (kind == static_cast<std::uint32_t>(ActionKind::open)) {
          require(read::result_text().size() <= last_event_id_bytes_max, "a cursor has a limit");
        }
        if (kind == static_cast<std::uint32_t>(ActionKind::open) ||
            kind == static_cast<std::uint32_t>(ActionKind::open_probe)) {
          require(read::result_query().size() <= stream_query_bytes_max + until_bytes,
                  "a query has a limit");
        }
      }
      return;
    }
    default:
      return;
  }
}

void CallProgram::call_parser(char what) {
  switch (what) {
    case 'P': {
      const std::uint32_t line_bytes_max = word();
      const std::uint32_t event_bytes_max = word();
      const std::uint32_t id_bytes_max = word();
      parsers_.push_back(parser_create(line_bytes_max, event_bytes_max, id_bytes_max, size()));
      return;
    }
    case 'Q':
      return parser_destroy(handle());
    case 'q': {
      const std::uint32_t parser = handle();
      (void)read::events(parser_push(parser, size()));
      return;
    }
    case 'R':
      return parser_reconnect(handle());
    case 'y':
      return require(std::isfinite(parser_retry(handle())), "a reconnection time is finite");
    case 'l':
      parser_last_event_id(handle());
      (void)std::string(read::result_text());
      return;
    case 'i': {
      const std::uint32_t bytes = word();
      require((input(bytes) == nullptr) == (bytes > input_limit()),
              "there is room up to the limit");
      return;
    }
    default:
      return;
  }
}

void CallProgram::finish() {
  for (const std::uint32_t client : clients_) {
    client_destroy(client);
    require(client_poll(client) == 0, "a client that was freed is not found");
    require(client_bytes(client, 1, 0, 0) == -1, "a client that was freed gets nothing");
  }
  for (const std::uint32_t parser : parsers_) {
    parser_destroy(parser);
    require(parser_push(parser, 0) == 0, "a parser that was freed is not found");
  }
}

double CallProgram::number() {
  arguments_.remove_prefix(std::min(arguments_.find_first_not_of(' '), arguments_.size()));
  const std::string text(arguments_.substr(0, arguments_.find(' ')));
  arguments_.remove_prefix(text.size());
  return text == "*" ? input_rest_ : std::strtod(text.c_str(), nullptr);
}

/// Converts a number as WebAssembly does: modulo 2^32, and 0 if it is not a number.
std::uint32_t CallProgram::word() {
  const double value = std::fmod(std::trunc(number()), 4294967296.0);
  return std::isnan(value) ? 0 : static_cast<std::uint32_t>(static_cast<std::int64_t>(value));
}

std::uint32_t CallProgram::handle() {
  constexpr std::uint32_t own_handles = 16;
  const std::uint32_t named = word();
  if (named >= own_handles) {
    return named;
  }
  std::vector<std::uint32_t> own = clients_;
  own.insert(own.end(), parsers_.begin(), parsers_.end());
  return named < own.size() ? own[named] : 0;
}

std::uint32_t CallProgram::workflow() {
  const std::uint32_t named = word();
  return named < workflows_.size() ? workflows_[named] : named;
}

std::uint32_t CallProgram::size() {
  const std::uint32_t bytes = word();
  input_rest_ -= std::min(bytes, input_rest_);
  return bytes;
}

void CallProgram::read_batch(std::int32_t count, std::uint32_t bytes) {
  require(count >= -1, "a call is refused, or makes records");
  const read::Batch batch = read::batch(count);
  require(count < 0 || result()->cursors.size <= bytes + last_event_id_bytes_max,
          "ids take no more than came in, and the one before");
  require(batch.cursor_at_end.size() <= last_event_id_bytes_max, "a cursor has a limit");
  for (const read::Message& message : batch.messages) {
    const bool is_refused = message.record.kind == MessageKind::malformed ||
                            message.record.kind == MessageKind::too_large;
    require(!is_refused || !message.message.empty(), "what could not be read has a reason");
    require(message.json.empty() || (message.json.front() == '{' && message.json.back() == '}'),
            "what a record has no field for is an object");
  }
  require(batch.views.size() <= stream_ids_max, "views are of the stream's ids");
  for (const read::View& view : batch.views) {
    require(view.record.stages_total > 0 && view.record.stages_done <= view.record.stages_total,
            "progress is a share");
    require(view.stages.size() <= RegistrationLimits{}.stages_max, "stages have a limit");
    require(view.text_id.empty() == (view.record.instance_id > 0), "a view is of one instance");
  }
}

}  // namespace regstream::abi
