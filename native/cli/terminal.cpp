#include "cli/terminal.hpp"

#include <poll.h>
#include <unistd.h>

#include <iostream>

#include <nlohmann/json.hpp>

#include "log/printable.hpp"

namespace regstream::cli {

void print_json(const nlohmann::ordered_json& line) {
  std::cout << printable(
                   line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace))
            << std::endl;
}

bool try_print(std::string_view line) {
  // Where a pipe can be written at all, Linux takes PIPE_BUF bytes at once (pipe(7)). One whose
  // reader has gone "can be written": the write fails.
  pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  if (poll(&output, 1, 0) <= 0) {
    return false;
  }
  std::cout << line << std::endl;
  return true;
}

void complain(std::string_view command, std::string_view what) {
  std::cerr << "regstream" << (command.empty() ? "" : " ") << command << ": "
            << printable_message(what) << std::endl;
}

}  // namespace regstream::cli
