// The floor of the gateway's fan-out: a plain loop on epoll that subscribes to Redis, and writes
// what it hears as event stream to each stream of its id, in one write for all that is queued for
// it. One thread, no library. It remembers nothing: no history, no adoption, no resume, no
// snapshot.
//
//   plain_fan_out REDIS_PORT CHANNEL
//
// Serves any path on a free port, all registrations or the one of ?registrationId=…, and prints
// "serving on http://127.0.0.1:PORT".

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "redis_socket.hpp"

namespace {

using Id = std::uint64_t;
constexpr Id every_id = 0;

[[noreturn]] void fail(const std::string& what) {
  std::cerr << "plain_fan_out: " << what << std::endl;
  std::exit(1);
}

[[noreturn]] void fail_by_system(const std::string& what) {
  fail(what + ": " + std::generic_category().message(errno));
}

void raise_open_files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// The number behind `name` in `text`; 0: it is not there.
Id number_behind(std::string_view text, std::string_view name) {
  Id number = 0;
  if (const std::size_t found = text.find(name); found != std::string_view::npos) {
    text.remove_prefix(found + name.size());
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

struct Stream {
  std::string request;  // As far as it was read.
  std::string queued;   // What is to be written next.
  Id id = every_id;
  bool is_open = false;    // It has been answered.
  bool is_marked = false;  // It is in `marked_`, or waits for room.
};

class PlainFanOut {
 public:
  PlainFanOut(std::uint16_t redis_port, std::string_view channel)
      : redis_(redis_port), epoll_(epoll_create1(EPOLL_CLOEXEC)), listener_(listen_anywhere()) {
    redis_.send({"SUBSCRIBE", channel});
    watch(redis_.descriptor(), EPOLLIN);
    watch(listener_, EPOLLIN);
  }

  void run() {
    std::array<epoll_event, 256> ready;
    for (;;) {
      const int size = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), -1);
      if (size < 0 && errno != EINTR) {
        fail_by_system("epoll_wait");
      }
      for (int i = 0; i < size; ++i) {
        const epoll_event& event = ready.at(static_cast<std::size_t>(i));
        if (event.data.fd == redis_.descriptor()) {
          hear();
        } else if (event.data.fd == listener_) {
          accept_all();
        } else if ((event.events & EPOLLOUT) != 0) {
          on_room(event.data.fd);
        } else {
          on_request(event.data.fd);
        }
      }
      write_marked();
    }
  }

 private:
  static int listen_anywhere() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const where = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (listener < 0 || bind(listener, where, size) != 0 || listen(listener, SOMAXCONN) != 0 ||
        getsockname(listener, where, &size) != 0) {
      fail_by_system("can't listen");
    }
    std::cout << "serving on http://127.0.0.1:" << ntohs(address.sin_port) << std::endl;
    return listener;
  }

  void watch(int descriptor, std::uint32_t events, int how = EPOLL_CTL_ADD) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = descriptor;
    if (epoll_ctl(epoll_, how, descriptor, &event) != 0) {
      fail_by_system("epoll_ctl");
    }
  }

  Stream& stream(int descriptor) { return streams_[static_cast<std::size_t>(descriptor)]; }

  void accept_all() {
    for (;;) {
      const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor < 0) {
        if (errno == EAGAIN || errno == ECONNABORTED) {
          return;
        }
        fail_by_system("accept");
      }
      const int on = 1;
      setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      streams_.resize(std::max(streams_.size(), static_cast<std::size_t>(descriptor) + 1));
      stream(descriptor) = {};
      watch(descriptor, EPOLLIN);
    }
  }

  void on_request(int descriptor) {
    std::array<char, 4096> bytes;
    const ssize_t size = recv(descriptor, bytes.data(), bytes.size(), 0);
    if (size == 0 || (size < 0 && errno != EAGAIN)) {
      leave(descriptor);
      return;
    }
    Stream& one = stream(descriptor);
    if (size < 0 || one.is_open) {
      return;
    }
    one.request.append(bytes.data(), static_cast<std::size_t>(size));
    if (!one.request.ends_with("\r\n\r\n")) {
      return;
    }
    one.is_open = true;
    one.id = number_behind(one.request, "registrationId=");
    audiences_[one.id].push_back(descriptor);
    queue(descriptor,
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n"
          "retry: 1000\n\nid: 1-" +
              std::to_string(sequence_) + "\ndata: {\"type\":\"connected\"}\n\n");
    one.request = {};
  }

  void leave(int descriptor) {
    Stream& one = stream(descriptor);
    std::erase(audiences_[one.id], descriptor);
    one = {};
    close(descriptor);
  }

  void hear() {
    redis_.receive(false);
    while (const auto reply = redis_.next_reply()) {
      if (reply->size() == 3 && reply->front() == "message") {
        on_message(reply->back());
      }
    }
  }

  void on_message(std::string_view message) {
    frame_ = "id: 1-";
    frame_ += std::to_string(++sequence_);
    frame_ += "\ndata: {\"type\":\"update\",\"data\":";
    frame_ += message;
    frame_ += "}\n\n";
    for (const Id id : {every_id, number_behind(message, "\"registrationId\":")}) {
      if (const auto audience = audiences_.find(id); audience != audiences_.end()) {
        for (const int descriptor : audience->second) {
          queue(descriptor, frame_);
        }
      }
    }
  }

  void queue(int descriptor, std::string_view bytes) {
    Stream& one = stream(descriptor);
    one.queued += bytes;
    if (!one.is_marked) {
      one.is_marked = true;
      marked_.push_back(descriptor);
    }
  }

  void write_marked() {
    for (const int descriptor : marked_) {
      write(descriptor);
    }
    marked_.clear();
  }

  void write(int descriptor) {
    Stream& one = stream(descriptor);
    const ssize_t sent = send(descriptor, one.queued.data(), one.queued.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
      return;  // The peer has gone: its read will say so.
    }
    one.queued.erase(0, sent < 0 ? 0 : static_cast<std::size_t>(sent));
    one.is_marked = !one.queued.empty();
    if (one.is_marked) {
      watch(descriptor, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    }
  }

  void on_room(int descriptor) {
    watch(descriptor, EPOLLIN, EPOLL_CTL_MOD);
    write(descriptor);
  }

  RedisSocket redis_;
  int epoll_;
  int listener_;
  std::vector<Stream> streams_;  // By descriptor.
  std::unordered_map<Id, std::vector<int>> audiences_;
  std::vector<int> marked_;
  std::string frame_;
  std::uint64_t sequence_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() != 2) {
    fail("usage: plain_fan_out REDIS_PORT CHANNEL");
  }
  raise_open_files_limit();
  try {
    const Id port = number_behind(arguments[0], "");
    PlainFanOut(static_cast<std::uint16_t>(port), arguments[1]).run();
  } catch (const std::exception& error) {
    fail(error.what());
  }
}
