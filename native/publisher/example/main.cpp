// Publishes a stage and the outcome of registration 42 through the Redis of REDIS_HOST and
// REDIS_PORT, as a process that validates customers would.

#include <iostream>
#include <optional>
#include <stdexcept>

#include <boost/asio/io_context.hpp>
#include <regstream/broker/redis_broker.hpp>
#include <regstream/broker/redis_options.hpp>
#include <regstream/publisher/publisher.hpp>

int main() {
  try {
    // A server would run the context in a thread of its own, and publish from any other.
    boost::asio::io_context context;
    regstream::broker::RedisBroker broker(context, regstream::broker::read_redis_options());
    regstream::Publisher publisher(broker);

    publisher.publishStageUpdate(42, "t24_lookup", regstream::StageStatus::completed,
                                 "Found 5 accounts");
    std::optional<regstream::broker::PublishError> problem;
    publisher.publishFinalStatus(42, regstream::Status::approved, "Customer validated successfully",
                                 R"({"accountsFound":5})", {}, [&](auto error) {
                                   problem = error;
                                   context.stop();
                                 });
    context.run();  // While Redis is away, this waits for it.
    if (problem) {
      std::cerr << problem->what << '\n';
    }
    return problem ? 1 : 0;
  } catch (const std::invalid_argument& mistake) {  // A REDIS_PORT that is none, say.
    std::cerr << mistake.what() << '\n';
    return 2;
  }
}
