// Readers of many event streams at once, as cheap as they can be, so that the server is what is
// measured: one thread, one buffer, no parser but for ids and ends of events. They ask by HTTP/1.1,
// as browsers do; the body may be chunked or not.
//
//   stream_readers PORT COUNT [NAME=VALUE...]
//
// opens COUNT streams of the server on this machine; the options are those of ReaderOptions.
//
// It answers the lines on stdin by lines of JSON on stdout, whose times are those of
// CLOCK_MONOTONIC:
//
//   (at the start)   {"connected":COUNT,"beganNs":…,"atNs":…,"reopened":…} as soon as each stream
//                    is connected: when the first one began to connect, when the last one was
//                    connected, and how often one that was ended unanswered came back at once
//   until TOTAL      {"total":…,"least":…,"most":…,"bytes":…,"atNs":…} as soon as all streams
//                    together have had TOTAL updates; the least and the most of one stream, bytes
//                    of all streams so far, and when the last one came
//   latencies        {"count":…,"medianNs":…,"p99Ns":…} of all updates since this was asked last:
//                    from when they were sent, where they say so, to when they were read
//
// One update too many is an error, and so is one that is awaited and does not come.

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "event_counter.hpp"
#include "reader_options.hpp"
#include "reader_socket.hpp"

namespace {

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

struct Stream {
  ReaderSocket socket;
  EventCounter events = {};
  bool has_asked = false;
};

class StreamReaders {
 public:
  explicit StreamReaders(ReaderOptions options)
      : options_(std::move(options)),
        tls_(options_.speaks_tls ? make_tls_context() : nullptr),
        epoll_(epoll_create1(0)) {
    streams_.reserve(options_.count);
    watch(STDIN_FILENO, standard_input, EPOLLIN);
  }

  void run() {
    began_ns_ = now_ns();
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
          on_ready(which);
        }
      }
      answer();
    }
  }

 private:
  void watch(int descriptor, std::uint64_t which, std::uint32_t events,
             int how = EPOLL_CTL_ADD) const {
    epoll_event event{};
    event.events = events;
    event.data.u64 = which;
    if (epoll_ctl(epoll_, how, descriptor, &event) != 0) {
      fail_by_system("epoll_ctl");
    }
  }

  void open_streams() {
    while (streams_.size() < options_.count &&
           streams_.size() < connected_ + options_.opening_max) {
      open_stream();
    }
  }

  void open_stream() {
    streams_.push_back({.socket = ReaderSocket(options_.port, tls_.get())});
    ask(streams_.size() - 1);
  }

  void ask(std::size_t index) {
    Stream& stream = streams_[index];
    stream.has_asked = stream.socket.send(request(index));
    watch(stream.socket.descriptor(), index, stream.has_asked ? EPOLLIN : EPOLLOUT);
  }

  void on_ready(std::size_t index) {
    Stream& stream = streams_[index];
    if (stream.has_asked) {
      if (!read_stream(stream)) {
        reopen(index);
      }
    } else if (stream.socket.send(request(index))) {
      stream.has_asked = true;
      watch(stream.socket.descriptor(), index, EPOLLIN, EPOLL_CTL_MOD);
    }
  }

  [[nodiscard]] std::string request(std::size_t index) const {
    std::string target = "/api/registrations/updates/stream";
    if (!options_.query.empty()) {
      target += '?';
      target += options_.query;
      if (const std::size_t number = target.find('%'); number != std::string::npos) {
        const std::size_t end =
            std::min(target.find_first_not_of("0123456789", number + 1), target.size());
        const auto numbers =
            read_number(std::string_view(target).substr(number + 1, end - number - 1));
        target.replace(number, end - number,
                       std::to_string(index % numbers.value_or(options_.count) + 1));
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

  // Comes back at once.
  void reopen(std::size_t index) {
    ++reopened_;
    close(streams_[index].socket.descriptor());
    streams_[index] = {.socket = ReaderSocket(options_.port, tls_.get())};
    ask(index);
  }

  // False: the server has ended it before it answered.
  bool read_stream(Stream& stream) {
    EventCounter& events = stream.events;
    const std::size_t kept = events.rest().size();
    std::memcpy(buffer_.data(), events.rest().data(), kept);
    const std::optional<std::size_t> size =
        stream.socket.receive({buffer_.data() + kept, read_bytes_max});
    if (!size) {
      return true;
    }
    if (*size == 0 && !events.has_head()) {
      return false;
    }
    if (*size == 0) {
      fail("the server ended a stream");
    }
    const std::uint64_t updates = events.updates();
    const bool was_connected = is_connected(stream);
    sent_ns_.clear();
    events.take({buffer_.data(), kept + *size}, sent_ns_);

    bytes_ += *size;
    if (events.updates() != updates) {
      updates_ += events.updates() - updates;
      last_update_ns_ = now_ns();
      for (const std::int64_t sent : sent_ns_) {
        latencies_ns_.push_back(last_update_ns_ - sent);
      }
    }
    if (is_connected(stream) && !was_connected) {
      on_connected();
    }
    return true;
  }

  [[nodiscard]] bool is_connected(const Stream& stream) const {
    return options_.is_connected_by_head ? stream.events.has_head() : stream.events.is_connected();
  }

  void on_connected() {
    ++connected_;
    open_streams();
    if (connected_ == options_.count) {
      std::cout << R"({"connected":)" << options_.count << R"(,"beganNs":)" << began_ns_
                << R"(,"atNs":)" << now_ns() << R"(,"reopened":)" << reopened_ << "}" << std::endl;
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
      if (line == "latencies") {
        tell_latencies();
        continue;
      }
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

  void tell_latencies() {
    std::sort(latencies_ns_.begin(), latencies_ns_.end());
    const auto quantile = [this](std::size_t hundredths) {
      return latencies_ns_.empty() ? 0 : latencies_ns_[latencies_ns_.size() * hundredths / 100];
    };
    std::cout << R"({"count":)" << latencies_ns_.size() << R"(,"medianNs":)" << quantile(50)
              << R"(,"p99Ns":)" << quantile(99) << "}" << std::endl;
    latencies_ns_.clear();
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

  ReaderOptions options_;
  TlsContext tls_;
  int epoll_;
  std::vector<Stream> streams_;
  std::vector<char> buffer_ = std::vector<char>(EventCounter::event_bytes_max + read_bytes_max);
  std::string commands_;
  std::size_t connected_ = 0;
  std::size_t reopened_ = 0;
  std::uint64_t updates_ = 0;
  std::uint64_t bytes_ = 0;
  std::int64_t began_ns_ = 0;
  std::int64_t last_update_ns_ = 0;
  std::vector<std::int64_t> sent_ns_;  // Of the updates that were read just now.
  std::vector<std::int64_t> latencies_ns_;
  std::optional<std::uint64_t> awaited_;
  std::int64_t awaited_since_ns_ = 0;
  bool is_done_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  raise_open_files_limit();
  try {
    StreamReaders(read_reader_options({argv + 1, argv + argc})).run();
  } catch (const std::exception& error) {
    fail(error.what());
  }
  return 0;
}
