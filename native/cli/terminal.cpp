#include "cli/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

#include "log/printable.hpp"

namespace regstream::cli {
namespace {

/// False if the reader doesn't make room within `patience`. Doesn't use the streams of C and C++,
/// because the log's thread may hold their locks while it waits for the same reader.
bool write_within(int output, std::string_view text, Duration patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!text.empty()) {
    const auto left =
        std::chrono::duration_cast<Duration>(deadline - std::chrono::steady_clock::now());
    pollfd place{.fd = output, .events = POLLOUT, .revents = 0};
    const int found = poll(&place, 1, static_cast<int>(std::max(left, Duration::zero()).count()));
    if (found < 0 && errno == EINTR) {
      continue;
    }
    if (found <= 0) {
      return false;
    }
    // If a pipe is writable, Linux takes PIPE_BUF bytes at once (pipe(7)).
    const ssize_t written =
        write(output, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (written < 0 && errno != EINTR && errno != EAGAIN) {
      return true;  // The reader has gone for good, so there is nothing to wait for.
    }
    text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
  return true;
}

}  // namespace

void print_json(const nlohmann::ordered_json& line) {
  std::cout << printable(
                   line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace))
            << std::endl;
}

bool try_print(std::string_view line, Duration patience) {
  return write_within(STDOUT_FILENO, std::string{line} + '\n', patience);
}

void print_error(std::string_view text) {
  static_cast<void>(write_within(STDERR_FILENO, printable_message(text), reader_patience));
}

void complain(std::string_view command, std::string_view what) {
  std::string line{"regstream"};
  line.append(command.empty() ? "" : " ").append(command).append(": ").append(what);
  print_error(line + '\n');
}

void open_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) {
      // `open` returns the lowest free descriptor, which is this one.
      static_cast<void>(open("/dev/null", O_RDWR));
    }
  }
}

}  // namespace regstream::cli
