// Publishes updates by the public publisher library, as a process that validates customers would.
// The input says what, a line each, in the order in which they are published:
//
//     AT SERIAL REGISTRATION STAGE STAGE_STATUS MESSAGE...        a stage
//     AT SERIAL REGISTRATION - STATUS MESSAGE...                  an outcome, with details
//
// AT is milliseconds since the Unix epoch. The output has two lines for each:
//
//     called SERIAL AT                           when it was given to the library
//     told SERIAL AT ID, or: failed SERIAL AT WHY

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/system_timer.hpp>

#include <regstream/broker/redis_broker.hpp>
#include <regstream/broker/redis_options.hpp>
#include <regstream/publisher/publisher.hpp>

namespace {

using regstream::broker::PublishResult;

struct Step {
  std::int64_t at_ms = 0;
  std::string serial;
  std::int64_t registration_id = 0;
  std::string stage;  // "-": an outcome.
  std::string status;
  std::string message;
};

std::vector<Step> read_steps() {
  std::vector<Step> steps;
  for (std::string text; std::getline(std::cin, text);) {
    std::istringstream line(text);
    Step step;
    if (!(line >> step.at_ms >> step.serial >> step.registration_id >> step.stage >> step.status) ||
        !std::getline(line >> std::ws, step.message)) {
      throw std::runtime_error("not an update: " + text);
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

class Workload {
 public:
  Workload(boost::asio::io_context& context, regstream::broker::Broker& broker,
           std::vector<Step> steps)
      : context_(context), timer_(context), publisher_(broker), steps_(std::move(steps)) {
    proceed();
  }

 private:
  void proceed() {
    while (next_ < steps_.size() && steps_[next_].at_ms <= now_ms()) {
      publish(steps_[next_++]);
    }
    std::cout << std::flush;
    if (next_ < steps_.size()) {
      using std::chrono::milliseconds, std::chrono::system_clock;
      timer_.expires_at(system_clock::time_point(milliseconds(steps_[next_].at_ms)));
      timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) {
          proceed();
        }
      });
    }
  }

  void publish(const Step& step) {
    std::cout << "called " << step.serial << ' ' << now_ms() << '\n';
    const auto done = [this, serial = step.serial](const PublishResult& result) {
      tell(serial, result);
    };
    if (step.stage == "-") {
      publisher_.publishFinalStatus(step.registration_id, regstream::parse_status(step.status),
                                    step.message, R"({"serial":)" + step.serial + '}',
                                    R"([{"step":"t24_lookup"}])", done);
    } else {
      publisher_.publishStageUpdate(step.registration_id, step.stage,
                                    *regstream::parse_stage_status(step.status), step.message,
                                    done);
    }
  }

  void tell(const std::string& serial, const PublishResult& result) {
    if (const auto* const error = std::get_if<regstream::broker::PublishError>(&result)) {
      std::cout << "failed " << serial << ' ' << now_ms() << ' ' << error->what << std::endl;
    } else {
      std::cout << "told " << serial << ' ' << now_ms() << ' '
                << to_string(std::get<regstream::EventId>(result)) << std::endl;
    }
    if (++ended_ == steps_.size()) {
      context_.stop();
    }
  }

  boost::asio::io_context& context_;
  boost::asio::system_timer timer_;
  regstream::Publisher publisher_;
  const std::vector<Step> steps_;
  std::size_t next_ = 0;
  std::size_t ended_ = 0;
};

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::cerr << "usage: update_publisher HOST:PORT < UPDATES\n";
    return 2;
  }
  try {
    auto options = regstream::broker::read_redis_options(arguments[1]);
    options.history.length_max = 1'000'000;  // Nothing is trimmed while the run is judged.
    boost::asio::io_context context(1);
    regstream::broker::RedisBroker broker(context, options);
    const Workload workload(context, broker, read_steps());
    context.run();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
