#include "cli/parse_command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <regstream/sse/parser.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"

namespace regstream::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ParseOptions {
  std::size_t chunk_bytes = std::size_t{64} << 10U;
};

/// Prints the events in the bytes so far, and a line in place of each event over a limit.
void print_events(sse::Parser& parser) {
  for (;;) {
    const sse::Token token = parser.next();
    if (const auto* const event = std::get_if<sse::Event>(&token)) {
      print_json(
          {{"type", event->type}, {"data", event->data}, {"lastEventId", event->last_event_id}});
    } else if (const auto* const skipped = std::get_if<sse::Skipped>(&token)) {
      print_json({{"kind", "skipped"},
                  {"reason", to_string(skipped->reason)},
                  {"bytes", skipped->bytes},
                  {"lastEventId", skipped->last_event_id}});
    } else if (std::holds_alternative<sse::NeedInput>(token)) {
      return;
    }
  }
}

int run(const ParseOptions& options) {
  sse::Parser parser;
  std::string chunk(options.chunk_bytes, '\0');
  for (;;) {
    // Not iostreams, which would wait until the whole chunk has arrived.
    const ssize_t size = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size < 0) {
      complain("parse", std::string("can't read stdin: ") + std::strerror(errno));
      return failure_code;
    }
    if (size == 0) {
      break;
    }
    parser.feed(std::string_view{chunk}.substr(0, static_cast<std::size_t>(size)));
    print_events(parser);
    if (!std::cout) {
      return failure_code;  // The reader has gone (`| head -1`), but a live stream would go on.
    }
  }
  const auto retry = parser.retry();
  print_json({{"retry", retry ? Json(retry->count()) : Json(nullptr)},
              {"lastEventId", parser.last_event_id()}});
  return 0;
}

}  // namespace

void add_parse_command(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand(
      "parse", "Read an event stream from stdin and print its events as JSON lines");
  const auto options = std::make_shared<ParseOptions>();
  command
      ->add_option("--chunk", options->chunk_bytes,
                   "Size of the chunks that the parser gets, in bytes")
      ->check(CLI::Range(std::size_t{1}, std::size_t{16} << 20U))
      ->capture_default_str();
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace regstream::cli
