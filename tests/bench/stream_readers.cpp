// Readers of many event streams at once, as cheap as they can be, so that the server is what is
// measured: one thread, one buffer, no parser but for ids and ends of events. They ask by HTTP/1.1,
// as browsers do; the body may be chunked or not.
//
//   stream_readers PORT COUNT all|own
//
// opens COUNT streams of the server on this machine, of all registrations or each of one of its
// own, and answers the lines on stdin by lines of JSON on stdout:
//
//   (at the start)   {"connected":COUNT} as soon as each stream has had its first event
//   until TOTAL      {"total":…,"least":…,"most":…,"bytes":…,"atNs":…} as soon as all streams
//                    together have had TOTAL updates; the least and the most of one stream, bytes
//                    of all streams so far, and when the last one came, by CLOCK_MONOTONIC
//
// An update is an event with an id, but for the first of a stream. Ids of a stream must grow, so
// that one that comes twice is an error; so is one too many, and where one that is awaited does not
// come.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
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
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <regstream/message/event_id.hpp>

namespace {

// Streams that are being opened at a time: a listen queue holds that many on every system.
constexpr std::size_t opening_max = 100;

constexpr std::size_t event_bytes_max = 1U << 20U;
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

// What one stream has said so far.
class Stream {
 public:
  explicit Stream(int socket) : socket_(socket) {}

  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] bool is_connected() const { return last_id_.has_value(); }
  [[nodiscard]] std::uint64_t updates() const { return updates_; }

  // The bytes of an event that has begun: they stand before what is read next.
  [[nodiscard]] const std::string& rest() const { return rest_; }

  // Takes whole events off the front of `bytes`, which begins with `rest`, and keeps what remains.
  void take(std::string_view bytes) {
    if (!has_head_) {
      const std::size_t end = bytes.find("\r\n\r\n");
      if (end != std::string_view::npos) {
        take_head(bytes.substr(0, end));
        bytes.remove_prefix(end + 4);
      }
    }
    if (has_head_) {
      bytes = take_events(bytes);
    }
    if (bytes.size() > event_bytes_max) {
      fail("an event does not end");
    }
    rest_.assign(bytes);
  }

 private:
  void take_head(std::string_view head) {
    if (!head.starts_with("HTTP/1.1 200 ")) {
      fail("expected 200:\n" + std::string(head));
    }
    has_head_ = true;
  }

  std::string_view take_events(std::string_view bytes) {
    std::string_view line_and_more = bytes;
    std::string_view id;
    for (;;) {
      const std::size_t end = line_and_more.find('\n');
      if (end == std::string_view::npos) {
        return bytes;
      }
      const std::string_view line = line_and_more.substr(0, end);
      line_and_more.remove_prefix(end + 1);
      if (line.empty()) {
        if (!id.empty()) {
          take_id(id);
          id = {};
        }
        bytes = line_and_more;
      } else if (line.back() == '\r') {
        // Framing of chunks. No line of an event ends so, and no event is in two chunks.
        bytes = line_and_more;
      } else if (line.starts_with("id: ")) {
        id = line.substr(4);
      }
    }
  }

  void take_id(std::string_view text) {
    const std::optional<regstream::EventId> id = regstream::parse_event_id(text);
    if (!id) {
      fail("no event id: " + std::string(text));
    }
    if (last_id_) {
      if (*id <= *last_id_) {
        fail("an update came twice, or out of order");
      }
      ++updates_;
    }
    last_id_ = id;
  }

  int socket_;
  bool has_head_ = false;
  std::optional<regstream::EventId> last_id_;
  std::uint64_t updates_ = 0;
  std::string rest_;
};

class StreamReaders {
 public:
  StreamReaders(std::uint16_t port, std::size_t count, bool each_its_own)
      : port_(port), count_(count), each_its_own_(each_its_own), epoll_(epoll_create1(0)) {
    streams_.reserve(count);
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
    while (streams_.size() < count_ && streams_.size() < connected_ + opening_max) {
      open_stream();
    }
  }

  void open_stream() {
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (descriptor < 0) {
      fail_by_system("socket");
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      fail_by_system("connect");
    }
    std::string request = "GET /api/registrations/updates/stream";
    if (each_its_own_) {
      request += "?registrationId=" + std::to_string(streams_.size() + 1);
    }
    request += " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n";
    if (send(descriptor, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      fail_by_system("send");
    }
    if (fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0) {
      fail_by_system("fcntl");
    }
    watch(descriptor, streams_.size());
    streams_.emplace_back(descriptor);
  }

  void read_stream(Stream& stream) {
    const std::size_t kept = stream.rest().size();
    std::memcpy(buffer_.data(), stream.rest().data(), kept);
    const ssize_t size = recv(stream.socket(), buffer_.data() + kept, read_bytes_max, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    }
    if (size <= 0) {
      fail("the server ended a stream");
    }
    const std::uint64_t updates = stream.updates();
    const bool was_connected = stream.is_connected();
    stream.take({buffer_.data(), kept + static_cast<std::size_t>(size)});

    bytes_ += static_cast<std::uint64_t>(size);
    if (stream.updates() != updates) {
      updates_ += stream.updates() - updates;
      last_update_ns_ = now_ns();
    }
    if (stream.is_connected() && !was_connected) {
      ++connected_;
      open_streams();
      if (connected_ == count_) {
        std::cout << R"({"connected":)" << count_ << "}" << std::endl;
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
        streams_.begin(), streams_.end(),
        [](const Stream& left, const Stream& right) { return left.updates() < right.updates(); });
    std::cout << R"({"total":)" << updates_ << R"(,"least":)" << least->updates() << R"(,"most":)"
              << most->updates() << R"(,"bytes":)" << bytes_ << R"(,"atNs":)" << last_update_ns_
              << "}" << std::endl;
  }

  std::uint16_t port_;
  std::size_t count_;
  bool each_its_own_;
  int epoll_;
  std::vector<Stream> streams_;
  std::vector<char> buffer_ = std::vector<char>(event_bytes_max + read_bytes_max);
  std::string commands_;
  std::size_t connected_ = 0;
  std::uint64_t updates_ = 0;
  std::uint64_t bytes_ = 0;
  std::int64_t last_update_ns_ = 0;
  std::optional<std::uint64_t> awaited_;
  std::int64_t awaited_since_ns_ = 0;
  bool is_done_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const auto port = arguments.size() == 3 ? read_number(arguments[0]) : std::nullopt;
  const auto count = arguments.size() == 3 ? read_number(arguments[1]) : std::nullopt;
  if (!port || *port > UINT16_MAX || !count || *count == 0 ||
      (arguments[2] != "all" && arguments[2] != "own")) {
    fail("usage: stream_readers PORT COUNT all|own");
  }
  raise_open_files_limit();
  StreamReaders(static_cast<std::uint16_t>(*port), *count, arguments[2] == "own").run();
  return 0;
}
