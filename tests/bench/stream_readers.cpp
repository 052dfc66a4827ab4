// Readers of many event streams at once, as cheap as they can be, so that the server is what is
// measured: one thread, one buffer, no parser but for ids and ends of events. They ask by HTTP/1.1,
// as browsers do; the body may be chunked or not.
//
//   stream_readers PORT COUNT QUERY http|https [TOKENS]
//
// opens COUNT streams of the server on this machine, each by the URL's query QUERY, in which % is
// the number of the stream, from 1 on. TOKENS is a file with a token for each, a line each. It
// answers the lines on stdin by lines of JSON on stdout:
//
//   (at the start)   {"connected":COUNT} as soon as each stream has had its first event
//   until TOTAL      {"total":…,"least":…,"most":…,"bytes":…,"atNs":…} as soon as all streams
//                    together have had TOTAL updates; the least and the most of one stream, bytes
//                    of all streams so far, and when the last one came, by CLOCK_MONOTONIC
//
// One update too many is an error, and so is one that is awaited and does not come.

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "event_counter.hpp"
#include "reader_socket.hpp"

namespace {

// Streams that are being opened at a time: a listen queue holds that many on every system.
constexpr std::size_t opening_max = 100;

constexpr std::size_t read_bytes_max = 256U << 10U;

// Bounds a hang, not a speed: after this long without an update, those that are awaited are lost.
constexpr std::int64_t silence_ns_max = 30'000'000'000;
constexpr int silence_check_ms = 1'000;

// Of epoll's answers, those that mean a line on stdin.
constexpr std::uint64_t standard_input = UINT64_MAX;

[[noreturn]] void fail(const std::string& what) {
  std::cerr << "stream_readers: " << what << std::endl;
  std::exit(1);
}

[[noreturn]] void fail_by_system(const std::string& what) {
  fail(what + ": " + std::generic_category().message(errno));
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void raise_open_files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || rest != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

struct Stream {
  ReaderSocket socket;
  EventCounter events = {};
};

struct Options {
  std::uint16_t port = 0;
  std::size_t count = 0;
  std::string query;
  bool speaks_tls = false;
  std::vector<std::string> tokens;  // None, or one for each stream.
};

class StreamReaders {
 public:
  explicit StreamReaders(Options options)
      : options_(std::move(options)),
        tls_(options_.speaks_tls ? make_tls_context() : nullptr),
        epoll_(epoll_create1(0)) {
    streams_.reserve(options_.count);
    watch(STDIN_FILENO, standard_input);
  }

  void run() {
    open_streams();
    std::array<epoll_event, 256> ready;
    while (!is_done_) {
      const int size =
          epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), silence_check_ms);
      if (size < 0 && errno != EINTR) {
        fail_by_system("epoll_wait");
      }
      for (int i = 0; i < size; ++i) {
        const std::uint64_t which = ready.at(static_cast<std::size_t>(i)).data.u64;
        if (which == standard_input) {
          read_commands();
        } else {
          read_stream(streams_[which]);
        }
      }
      answer();
    }
  }

 private:
  void watch(int descriptor, std::uint64_t which) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = which;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) {
      fail_by_system("epoll_ctl");
    }
  }

  void open_streams() {
    while (streams_.size() < options_.count && streams_.size() < connected_ + opening_max) {
      open_stream();
    }
  }

  void open_stream() {
    const std::size_t index = streams_.size();
    ReaderSocket socket(options_.port, tls_.get());
    socket.send(request(index));
    watch(socket.descriptor(), index);
    streams_.push_back({.socket = std::move(socket)});
  }

  [[nodiscard]] std::string request(std::size_t index) const {
    std::string target = "/api/registrations/updates/stream";
    if (!options_.query.empty()) {
      target += '?';
      target += options_.query;
      if (const std::size_t number = target.find('%'); number != std::string::npos) {
        target.replace(number, 1, std::to_string(index + 1));
      }
    }
    std::string text = "GET ";
    text += target;
    text += " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n";
    if (!options_.tokens.empty()) {
      text += "Authorization: Bearer ";
      text += options_.tokens.at(index);
      text += "\r\n";
    }
    text += "\r\n";
    return text;
  }

  void read_stream(Stream& stream) {
    EventCounter& events = stream.events;
    const std::size_t kept = events.rest().size();
    std::memcpy(buffer_.data(), events.rest().data(), kept);
    const std::optional<std::size_t> size =
        stream.socket.receive({buffer_.data() + kept, read_bytes_max});
    if (!size) {
      return;
    }
    if (*size == 0) {
      fail("the server ended a stream");
    }
    const std::uint64_t updates = events.updates();
    const bool was_connected = events.is_connected();
    events.take({buffer_.data(), kept + *size});

    bytes_ += *size;
    if (events.updates() != updates) {
      updates_ += events.updates() - updates;
      last_update_ns_ = now_ns();
    }
    if (events.is_connected() && !was_connected) {
      ++connected_;
      open_streams();
      if (connected_ == options_.count) {
        std::cout << R"({"connected":)" << options_.count << "}" << std::endl;
      }
    }
  }

  void read_commands() {
    std::array<char, 4096> bytes;
    const ssize_t size = read(STDIN_FILENO, bytes.data(), bytes.size());
    if (size <= 0) {
      is_done_ = true;
      return;
    }
    commands_.append(bytes.data(), static_cast<std::size_t>(size));
    for (std::size_t end = commands_.find('\n'); end != std::string::npos;
         end = commands_.find('\n')) {
      const std::string line = commands_.substr(0, end);
      commands_.erase(0, end + 1);
      constexpr std::string_view until = "until ";
      const auto total =
          line.starts_with(until) ? read_number(line.substr(until.size())) : std::nullopt;
      if (!total) {
        fail("no command: " + line);
      }
      awaited_ = *total;
      awaited_since_ns_ = now_ns();
    }
  }

  void answer() {
    if (!awaited_) {
      return;
    }
    if (updates_ < *awaited_) {
      if (now_ns() - std::max(awaited_since_ns_, last_update_ns_) > silence_ns_max) {
        fail("updates were lost: " + std::to_string(updates_) + " came instead of " +
             std::to_string(*awaited_));
      }
      return;
    }
    if (updates_ > *awaited_) {
      fail("more updates than were published: " + std::to_string(updates_) + " instead of " +
           std::to_string(*awaited_));
    }
    awaited_.reset();
    const auto [least, most] = std::minmax_element(
        streams_.begin(), streams_.end(), [](const Stream& left, const Stream& right) {
          return left.events.updates() < right.events.updates();
        });
    std::cout << R"({"total":)" << updates_ << R"(,"least":)" << least->events.updates()
              << R"(,"most":)" << most->events.updates() << R"(,"bytes":)" << bytes_
              << R"(,"atNs":)" << last_update_ns_ << "}" << std::endl;
  }

  Options options_;
  TlsContext tls_;
  int epoll_;
  std::vector<Stream> streams_;
  std::vector<char> buffer_ = std::vector<char>(EventCounter::event_bytes_max + read_bytes_max);
  std::string commands_;
  std::size_t connected_ = 0;
  std::uint64_t updates_ = 0;
  std::uint64_t bytes_ = 0;
  std::int64_t last_update_ns_ = 0;
  std::optional<std::uint64_t> awaited_;
  std::int64_t awaited_since_ns_ = 0;
  bool is_done_ = false;
};

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  return lines;
}

Options read_options(const std::vector<std::string>& arguments) {
  const std::string usage = "usage: stream_readers PORT COUNT QUERY http|https [TOKENS]";
  if (arguments.size() != 4 && arguments.size() != 5) {
    fail(usage);
  }
  const auto port = read_number(arguments[0]).value_or(0);
  const auto count = read_number(arguments[1]).value_or(0);
  const std::string& scheme = arguments[3];
  if (port == 0 || port > UINT16_MAX || count == 0 || (scheme != "http" && scheme != "https")) {
    fail(usage);
  }
  Options options{.port = static_cast<std::uint16_t>(port),
                  .count = count,
                  .query = arguments[2],
                  .speaks_tls = scheme == "https",
                  .tokens = {}};
  if (arguments.size() == 5) {
    options.tokens = read_lines(arguments[4]);
    if (options.tokens.size() < count) {
      fail("not a token for each stream: " + arguments[4]);
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  raise_open_files_limit();
  try {
    StreamReaders(read_options({argv + 1, argv + argc})).run();
  } catch (const std::exception& error) {
    fail(error.what());
  }
  return 0;
}
