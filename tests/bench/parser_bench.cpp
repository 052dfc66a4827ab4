// The event stream parser beside a bare line scan, which bounds what any parser can reach, and
// beside a straightforward parser with owned strings, which is what most code in use does.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstring>
#include <optional>
#include <regstream/sse/encoder.hpp>
#include <regstream/sse/parser.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

constexpr std::size_t stream_bytes_min = 4U << 20U;

/// Updates as the gateway sends them, with an id each, and a ping now and then.
const std::string& stream() {
  static const std::string bytes = [] {
    std::string out;
    for (std::size_t sequence = 1; out.size() < stream_bytes_min; ++sequence) {
      const std::string id = "1702493000000-" + std::to_string(sequence);
      const std::string data =
          R"({"type":"update","data":{"registrationId":)" + std::to_string(sequence % 500 + 1) +
          R"(,"status":"PENDING","stage":"t24_lookup","stageStatus":"completed","message":"Found 5 accounts","timestamp":1702493000000,"id":")" +
          id + R"("}})";
      (void)regstream::sse::append_event(out, {.data = data, .id = id});
      if (sequence % 100 == 0) {
        (void)regstream::sse::append_event(
            out, {.data = R"({"type":"ping","timestamp":1702493030000})"});
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
    std::size_t data_bytes = 0;
    for_each_chunk(static_cast<std::size_t>(state.range(0)), [&](std::string_view chunk) {
      parser.feed(chunk);
      while (true) {
        const regstream::sse::Token token = parser.next();
        if (const auto* event = std::get_if<regstream::sse::Event>(&token)) {
          data_bytes += event->data.size();
        } else if (std::holds_alternative<regstream::sse::NeedInput>(token)) {
          break;
        }
      }
    });
    benchmark::DoNotOptimize(data_bytes);
  }
  count_bytes(state);
}

struct OwnedEvent {
  std::string type;
  std::string data;
  std::string id;
};

void owned(benchmark::State& state) {
  for (auto _ : state) {
    regstream::sse::Parser parser;
    std::vector<OwnedEvent> events;
    for_each_chunk(static_cast<std::size_t>(state.range(0)), [&](std::string_view chunk) {
      parser.feed(chunk);
      events.clear();
      while (true) {
        const regstream::sse::Token token = parser.next();
        if (const auto* event = std::get_if<regstream::sse::Event>(&token)) {
          events.push_back({std::string{event->type}, std::string{event->data},
                            std::string{event->last_event_id}});
        } else if (std::holds_alternative<regstream::sse::NeedInput>(token)) {
          break;
        }
      }
      benchmark::DoNotOptimize(events.data());
    });
  }
  count_bytes(state);
}

/// Splits into owned lines, then looks at each: correct for well-behaved streams, and no more.
class StraightforwardParser {
 public:
  void feed(std::string_view chunk, std::vector<OwnedEvent>& events) {
    for (const char byte : chunk) {
      if (byte == '\n') {
        lines_.push_back(line_);
        line_.clear();
      } else if (byte != '\r') {
        line_.push_back(byte);
      }
    }
    for (const std::string& line : lines_) {
      use(line, events);
    }
    lines_.clear();
  }

 private:
  void use(const std::string& line, std::vector<OwnedEvent>& events) {
    if (line.empty()) {
      if (event_) {
        event_->id = id_;
        events.push_back(*event_);
        event_.reset();
      }
      return;
    }
    const std::size_t colon = line.find(':');
    const std::string name = line.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (!value.empty() && value[0] == ' ') {
      value = value.substr(1);
    }
    if (name == "id") {
      id_ = value;
      return;
    }
    if (!event_) {
      event_ = OwnedEvent{.type = "message", .data = {}, .id = {}};
    }
    if (name == "data") {
      event_->data += event_->data.empty() ? value : "\n" + value;
    } else if (name == "event") {
      event_->type = value;
    }
  }

  std::string line_;
  std::vector<std::string> lines_;
  std::optional<OwnedEvent> event_;
  std::string id_;
};

void straightforward(benchmark::State& state) {
  for (auto _ : state) {
    StraightforwardParser parser;
    std::vector<OwnedEvent> events;
    for_each_chunk(static_cast<std::size_t>(state.range(0)), [&](std::string_view chunk) {
      events.clear();
      parser.feed(chunk, events);
      benchmark::DoNotOptimize(events.data());
    });
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
