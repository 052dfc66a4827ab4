#include "cli/ready_line.hpp"

#include <utility>

#include "cli/terminal.hpp"
#include "log/printable.hpp"

namespace regstream::cli {

ReadyLine::ReadyLine(boost::asio::io_context& context, const WorkflowGateways& workflows,
                     std::string url, std::string broker_name, std::chrono::seconds patience)
    : timer_(context),
      workflows_(workflows),
      url_(std::move(url)),
      broker_name_(std::move(broker_name)),
      give_up_(std::chrono::steady_clock::now() + patience) {
  check();
}

void ReadyLine::check() {
  const bool is_connected = workflows_.is_connected();
  const bool is_due = is_connected || std::chrono::steady_clock::now() >= give_up_;
  if (is_due && try_print(printable("regstream: serving on " + url_ + " (broker: " + broker_name_ +
                                    (is_connected ? ")" : ", not connected yet)")))) {
    return;
  }
  timer_.expires_after(std::chrono::milliseconds(is_due ? 100 : 5));
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) {
      check();
    }
  });
}

}  // namespace regstream::cli
