// The calls of parsers; abi.hpp says what each does.

#include <cstddef>
#include <memory>
#include <string>

#include "abi.hpp"
#include "event_records.hpp"
#include "exchange.hpp"
#include "handle_table.hpp"

namespace regstream::abi {
namespace {

/// A page reads a handful of streams; more than this many are a leak.
constexpr std::size_t parsers_max = 256;

HandleTable<sse::Parser, parsers_max>& parsers() {
  static HandleTable<sse::Parser, parsers_max> table;
  return table;
}

// event_stream_parser.ts uses these numbers.
static_assert(static_cast<int>(sse::SkipReason::id_too_long) == 2);

}  // namespace

std::uint32_t parser_create(std::uint32_t line_bytes_max, std::uint32_t event_bytes_max,
                            std::uint32_t id_bytes_max, std::uint32_t id_size) {
  const auto texts = two_inputs(id_size, 0);
  if (!texts) {
    return 0;
  }
  const sse::ParserLimits limits{.line_bytes_max = line_bytes_max,
                                 .event_bytes_max = event_bytes_max,
                                 .id_bytes_max = id_bytes_max};
  return parsers().insert(std::make_unique<sse::Parser>(limits, std::string(texts->first)));
}

void parser_destroy(std::uint32_t handle) {
  parsers().erase(handle);
}

std::uint32_t parser_push(std::uint32_t handle, std::uint32_t size) {
  sse::Parser* const parser = parsers().find(handle);
  const auto bytes = stream_input(size);
  Result& result = result_record();
  result.skipped_count = 0;
  if (parser == nullptr || !bytes) {
    return 0;
  }
  Batch& batch = begin_batch();
  write_events(batch, *parser, *bytes);
  release_input();
  result.text = bytes_of(batch.text.text());
  result.records = batch.events.address();
  result.skipped = batch.skipped.address();
  result.skipped_count = batch.skipped.size();
  return batch.events.size();
}

void parser_reconnect(std::uint32_t handle) {
  if (sse::Parser* const parser = parsers().find(handle)) {
    parser->begin_connection();
  }
}

double parser_retry(std::uint32_t handle) {
  const sse::Parser* const parser = parsers().find(handle);
  const auto retry = parser == nullptr ? std::nullopt : parser->retry();
  return retry ? static_cast<double>(retry->count()) : -1;
}

void parser_last_event_id(std::uint32_t handle) {
  const sse::Parser* const parser = parsers().find(handle);
  result_record().text = bytes_of(parser == nullptr ? std::string_view() : parser->last_event_id());
}

}  // namespace regstream::abi
