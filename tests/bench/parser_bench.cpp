// The event stream parser beside a bare line scan, which bounds what any parser can reach, and
// beside a straightforward parser with owned strings, which is what most code in use does.

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <deque>
#include <optional>
#include <regstream/message/codec.hpp>
#include <regstream/sse/encoder.hpp>
#include <regstream/sse/parser.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace {

constexpr std::size_t stream_bytes_min = 4U << 20U;

struct Step {
  const char* stage;
  regstream::StageStatus status;
  const char* message;
};

constexpr std::array<Step, 8> steps{{
    {"duplicate_check", regstream::StageStatus::started, "Checking for duplicates"},
    {"duplicate_check", regstream::StageStatus::completed, "No duplicate found"},
    {"t24_lookup", regstream::StageStatus::started, "Looking the customer up in core banking"},
    {"t24_lookup", regstream::StageStatus::completed, "Found 5 accounts"},
    {"account_validation", regstream::StageStatus::started, "Validating 5 accounts"},
    {"account_validation", regstream::StageStatus::completed, "Validated 5 accounts"},
    {"status_update", regstream::StageStatus::started, "Updating the status"},
    {"status_update", regstream::StageStatus::completed, "Status set to APPROVED"},
}};

/// Stage updates in the gateway's own envelopes, every other one with an id, and a ping now and
/// then. Lengths vary as stages and messages do.
const std::string& stream() {
  static const std::string bytes = [] {
    std::string out;
    for (std::size_t sequence = 1; out.size() < stream_bytes_min; ++sequence) {
      const Step& step = steps[sequence % steps.size()];
      const std::int64_t now = 1702493000000 + static_cast<std::int64_t>(sequence) * 7;
      const std::string data = regstream::encode_update_envelope(regstream::encode_update(
          {.registration_id = static_cast<std::int64_t>(sequence % 5000 + 1),
           .status = "PENDING",
           .stage = step.stage,
           .stage_status = step.status,
           .message = step.message,
           .details = {},
           .process_log = {},
           .timestamp_ms = now}));
      const std::string id = sequence % 2 == 0 ? "" : std::to_string(now) + "-0";
      (void)regstream::sse::append_event(out, {.data = data, .id = id});
      if (sequence % 100 == 0) {
        (void)regstream::sse::append_event(out, {.data = regstream::encode_ping(now)});
      }
    }
    return out;
  }();
  return bytes;
}

template <typename Consume>
void for_each_chunk(std::size_t chunk_bytes, Consume consume) {
  const std::string_view bytes = stream();
  for (std::size_t begin = 0; begin < bytes.size(); begin += chunk_bytes) {
    consume(bytes.substr(begin, chunk_bytes));
  }
}

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream().size()));
}

void line_scan(benchmark::State& state) {
  for (auto _ : state) {
    std::size_t lines = 0;
    for_each_chunk(static_cast<std::size_t>(state.range(0)), [&](std::string_view chunk) {
      const char* at = chunk.data();
      const char* const end = at + chunk.size();
      while (const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at))) {
        ++lines;
        at = static_cast<const char*>(found) + 1;
        if (at == end) {
          break;
        }
      }
    });
    benchmark::DoNotOptimize(lines);
  }
  count_bytes(state);
}

void views(benchmark::State& state) {
  for (auto _ : state) {
    regstream::sse::Parser parser;
    std::size_t bytes = 0;
    for_each_chunk(static_cast<std::size_t>(state.range(0)), [&](std::string_view chunk) {
      parser.feed(chunk);
      while (true) {
        const regstream::sse::Token token = parser.next();
        if (const auto* event = std::get_if<regstream::sse::Event>(&token)) {
          bytes += event->type.size() + event->data.size() + event->last_event_id.size();
        } else if (std::holds_alternative<regstream::sse::NeedInput>(token)) {
          break;
        }
      }
    });
    benchmark::DoNotOptimize(bytes);
  }
  count_bytes(state);
}

struct OwnedEvent {
  std::string type;
  std::string data;
  std::string id;
};

/// The receiver of an event of its own, who may keep it.
void receive(OwnedEvent event) {
  benchmark::DoNotOptimize(event);
}

void owned(benchmark::State& state) {
  for (auto _ : state) {
    regstream::sse::Parser parser;
    for_each_chunk(static_cast<std::size_t>(state.range(0)), [&](std::string_view chunk) {
      parser.feed(chunk);
      while (true) {
        const regstream::sse::Token token = parser.next();
        if (const auto* event = std::get_if<regstream::sse::Event>(&token)) {
          receive({.type = std::string{event->type},
                   .data = std::string{event->data},
                   .id = std::string{event->last_event_id}});
        } else if (std::holds_alternative<regstream::sse::NeedInput>(token)) {
          break;
        }
      }
    });
  }
  count_bytes(state);
}

/// Splits into owned lines, then looks at each: the steps of LaunchDarkly's C++ parser, with fewer
/// copies, so that it is somewhat faster than the original.
class StraightforwardParser {
 public:
  void feed(std::string_view chunk) {
    while (!chunk.empty()) {
      const std::size_t end = chunk.find_first_of("\r\n");
      line_.append(chunk.substr(0, end));
      if (end == std::string_view::npos) {
        break;
      }
      if (chunk[end] == '\r' || !ended_by_cr_) {
        lines_.push_back(line_);
        line_.clear();
      }
      ended_by_cr_ = chunk[end] == '\r';
      chunk.remove_prefix(end + 1);
    }
    while (!lines_.empty()) {
      use(std::move(lines_.front()));
      lines_.pop_front();
    }
  }

 private:
  static std::pair<std::string, std::string> split(std::string line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) {
      return {std::move(line), {}};
    }
    std::string name = line.substr(0, colon);
    line.erase(0, colon + 1);
    if (!line.empty() && line.front() == ' ') {
      line.erase(0, 1);
    }
    return {std::move(name), std::move(line)};
  }

  void use(std::string line) {
    if (line.empty()) {
      if (event_) {
        event_->id = id_;
        event_->data.pop_back();
        receive(*event_);
        event_.reset();
      }
      return;
    }
    const auto [name, value] = split(std::move(line));
    if (!event_) {
      event_ = OwnedEvent{.type = "message", .data = {}, .id = {}};
    }
    if (name == "data") {
      event_->data.append(value).append("\n");
    } else if (name == "id") {
      id_ = value;
    } else if (name == "event") {
      event_->type = value;
    }
  }

  std::string line_;
  bool ended_by_cr_ = false;
  std::deque<std::string> lines_;
  std::optional<OwnedEvent> event_;
  std::string id_;
};

void straightforward(benchmark::State& state) {
  for (auto _ : state) {
    StraightforwardParser parser;
    for_each_chunk(static_cast<std::size_t>(state.range(0)),
                   [&](std::string_view chunk) { parser.feed(chunk); });
  }
  count_bytes(state);
}

constexpr int small_chunk = 1024;
constexpr int large_chunk = 65'536;

BENCHMARK(line_scan)->Arg(large_chunk)->Arg(small_chunk);
BENCHMARK(views)->Arg(large_chunk)->Arg(small_chunk);
BENCHMARK(owned)->Arg(large_chunk)->Arg(small_chunk);
BENCHMARK(straightforward)->Arg(large_chunk)->Arg(small_chunk);

}  // namespace
