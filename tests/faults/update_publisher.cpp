// Publishes updates by the public publisher library, as a process that validates customers would,
// to the Redis at an address, or the one that the environment names (docs/redis.md). The input says
// what, a line each; each is published as soon as it is read:
//
//     SERIAL REGISTRATION STAGE STAGE_STATUS MESSAGE...        a stage
//     SERIAL REGISTRATION - STATUS MESSAGE...                  an outcome, with details
//
// The output has two lines for each; AT is milliseconds since the Unix epoch:
//
//     called SERIAL AT                                 when it was given to the library
//     acknowledged SERIAL AT ID, or: failed SERIAL AT WHY
//
// It ends after the line "end", when all have an answer.

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <variant>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>

#include <regstream/broker/redis_broker.hpp>
#include <regstream/broker/redis_options.hpp>
#include <regstream/publisher/publisher.hpp>

namespace {

using regstream::broker::PublishResult;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

class Workload {
 public:
  Workload(boost::asio::io_context& context, regstream::broker::Broker& broker)
      : context_(context), input_(context, ::dup(STDIN_FILENO)), publisher_(broker) {
    read();
  }

 private:
  void read() {
    boost::asio::async_read_until(
        input_, boost::asio::dynamic_buffer(text_), '\n',
        [this](const boost::system::error_code& error, std::size_t bytes) {
          const std::string line = error ? "end" : text_.substr(0, bytes - 1);
          if (line == "end") {
            has_ended_ = true;
            return end_if_done();
          }
          publish(line);
          text_.erase(0, bytes);
          read();
        });
  }

  void publish(const std::string& text) {
    std::istringstream line(text);
    std::string serial;
    std::int64_t registration_id = 0;
    std::string stage;
    std::string status;
    std::string message;
    if (!(line >> serial >> registration_id >> stage >> status) ||
        !std::getline(line >> std::ws, message)) {
      throw std::runtime_error("not an update: " + text);
    }
    ++unanswered_;
    std::cout << "called " << serial << ' ' << now_ms() << std::endl;
    const auto done = [this, serial](const PublishResult& result) { report(serial, result); };
    if (stage == "-") {
      publisher_.publishFinalStatus(registration_id, regstream::parse_status(status), message,
                                    R"({"serial":)" + serial + '}', R"([{"step":"t24_lookup"}])",
                                    done);
    } else {
      publisher_.publishStageUpdate(registration_id, stage, *regstream::parse_stage_status(status),
                                    message, done);
    }
  }

  void report(const std::string& serial, const PublishResult& result) {
    if (const auto* const error = std::get_if<regstream::broker::PublishError>(&result)) {
      std::cout << "failed " << serial << ' ' << now_ms() << ' ' << error->what << std::endl;
    } else {
      std::cout << "acknowledged " << serial << ' ' << now_ms() << ' '
                << to_string(std::get<regstream::EventId>(result)) << std::endl;
    }
    --unanswered_;
    end_if_done();
  }

  void end_if_done() {
    if (has_ended_ && unanswered_ == 0) {
      context_.stop();
    }
  }

  boost::asio::io_context& context_;
  boost::asio::posix::stream_descriptor input_;
  regstream::Publisher publisher_;
  std::string text_;  // Read, and not yet published.
  std::size_t unanswered_ = 0;
  bool has_ended_ = false;
};

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count > 2) {
    std::cerr << "usage: update_publisher [HOST:PORT] < UPDATES\n";
    return 2;
  }
  try {
    using regstream::broker::read_redis_options;
    auto options = argument_count == 2 ? read_redis_options(arguments[1]) : read_redis_options();
    options.history.length_max = 1'000'000;  // Nothing is trimmed while the run is judged.
    boost::asio::io_context context(1);
    regstream::broker::RedisBroker broker(context, options);
    const Workload workload(context, broker);
    context.run();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
