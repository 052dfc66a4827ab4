// Publishes a stage and the outcome of registration 42, as a process that validates customers
// would, through the Redis of REDIS_HOST and REDIS_PORT.

#include <iostream>
#include <stdexcept>
#include <variant>

#include <boost/asio/io_context.hpp>
#include <regstream/broker/redis_broker.hpp>
#include <regstream/broker/redis_options.hpp>
#include <regstream/publisher/publisher.hpp>

namespace {

int report(const regstream::broker::PublishResult& result) {
  if (const auto* const error = std::get_if<regstream::broker::PublishError>(&result)) {
    std::cerr << error->what << '\n';
    return 1;
  }
  std::cout << "published " << to_string(std::get<regstream::EventId>(result)) << '\n';
  return 0;
}

}  // namespace

int main() {
  try {
    // A server would run the context on a thread of its own, and publish from any other.
    boost::asio::io_context context;
    regstream::broker::RedisBroker broker(context, regstream::broker::read_redis_options());
    regstream::Publisher publisher(broker);

    publisher.publishStageUpdate(42, "t24_lookup", regstream::StageStatus::completed,
                                 "Found 5 accounts");
    int exit_code = 1;
    publisher.publishFinalStatus(42, regstream::Status::approved, "Customer validated successfully",
                                 R"({"accountsFound":5})", {}, [&](const auto& result) {
                                   exit_code = report(result);
                                   context.stop();
                                 });
    context.run();  // While Redis is away, this waits for it.
    return exit_code;
  } catch (const std::invalid_argument& mistake) {  // For example, REDIS_PORT is not a port.
    std::cerr << mistake.what() << '\n';
    return 2;
  }
}
