#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "broker/embedded_broker.hpp"
#include "run_until.hpp"

using regstream::broker::EmbeddedBroker;
using regstream::broker::PublishError;
using regstream::test::run_until;

TEST_CASE("the embedded broker keeps the order of each publishing thread") {
  constexpr int thread_count = 4;
  constexpr int messages_each = 500;
  boost::asio::io_context context;
  EmbeddedBroker broker{context};
  std::vector<std::vector<int>> heard(thread_count);
  int heard_count = 0;
  broker.subscribe(
      [&](std::string_view message) {
        const auto colon = message.find(':');
        heard.at(std::stoul(std::string{message.substr(0, colon)}))
            .push_back(std::stoi(std::string{message.substr(colon + 1)}));
        ++heard_count;
      },
      {});

  std::vector<std::thread> threads;
  threads.reserve(thread_count);
  for (int thread = 0; thread < thread_count; ++thread) {
    threads.emplace_back([&broker, thread] {
      for (int i = 0; i < messages_each; ++i) {
        broker.publish(std::to_string(thread) + ":" + std::to_string(i), {});
      }
    });
  }
  CHECK(run_until(context, [&] { return heard_count == thread_count * messages_each; }));
  for (auto& thread : threads) {
    thread.join();
  }

  std::vector<int> in_order(messages_each);
  std::iota(in_order.begin(), in_order.end(), 0);
  for (const auto& of_thread : heard) {
    CHECK(of_thread == in_order);
  }
}

TEST_CASE("the embedded broker calls done after its subscriber, on the context's thread") {
  boost::asio::io_context context;
  EmbeddedBroker broker{context};
  std::vector<std::string> log;
  broker.subscribe([&log](std::string_view message) { log.emplace_back(message); }, {});
  broker.publish("update", [&log](const std::optional<PublishError>& error) {
    log.emplace_back(error ? "failed" : "done");
  });
  CHECK(log.empty());
  context.run();
  CHECK(log == std::vector<std::string>{"update", "done"});
}

TEST_CASE("a subscriber that publishes is not re-entered") {
  boost::asio::io_context context;
  EmbeddedBroker broker{context};
  std::vector<std::string> log;
  broker.subscribe(
      [&](std::string_view message) {
        log.emplace_back(message);
        if (message == "first") {
          broker.publish("second", {});
          log.emplace_back("end of first");
        }
      },
      {});
  broker.publish("first", {});
  context.run();
  CHECK(log == std::vector<std::string>{"first", "end of first", "second"});
}

TEST_CASE("the embedded broker needs no subscriber, and is always connected") {
  boost::asio::io_context context;
  EmbeddedBroker broker{context};
  bool is_done = false;
  broker.publish("update", [&is_done](const auto& error) { is_done = !error; });
  context.run();
  CHECK(is_done);
  CHECK(broker.is_connected());
}

TEST_CASE("messages that wait in a destroyed embedded broker are dropped") {
  boost::asio::io_context context;
  bool is_called = false;
  auto broker = std::make_unique<EmbeddedBroker>(context);
  broker->subscribe([&is_called](std::string_view) { is_called = true; }, {});
  broker->publish("update", [&is_called](const auto&) { is_called = true; });
  broker.reset();
  context.run();
  CHECK_FALSE(is_called);
}
