// What publishing into the history costs the C++ broker, beside a bare PUBLISH by a plain socket on
// the same event loop, in turns.
// Usage: publish_cost PORT TURNS ONE_AT_A_TIME AT_ONCE
// Its last line is JSON: for each way medians of the turns, of milliseconds and of updates a
// second.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <regstream/broker/redis_broker.hpp>

namespace {

using Clock = std::chrono::steady_clock;
using regstream::broker::PublishResult;
using regstream::broker::RedisBroker;

constexpr std::string_view update =
    R"({"registrationId":42,"status":"PENDING","stage":"t24_lookup","stageStatus":"completed",)"
    R"("message":"Found 5 accounts","timestamp":1702493000000})";

struct Figures {
  std::vector<double> medians;
  std::vector<double> p99s;
  std::vector<double> rates;
};

double quantile(std::vector<double> values, double share) {
  const auto place = static_cast<std::size_t>(share * static_cast<double>(values.size()));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::min(place, values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// Bare PUBLISH: what is to be sent is written at once, and answers are counted.
class BarePublisher {
 public:
  BarePublisher(boost::asio::io_context& context, std::uint16_t port) : socket_(context) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
    socket_.set_option(boost::asio::ip::tcp::no_delay{true});
    const std::string channel{regstream::registration_workflow().channel};
    command_ = "*3\r\n$7\r\nPUBLISH\r\n$" + std::to_string(channel.size()) + "\r\n" + channel +
               "\r\n$" + std::to_string(update.size()) + "\r\n" + std::string{update} + "\r\n";
    read();
  }

  /// `done` is called once for all of them.
  void publish(std::size_t count, std::function<void()> done) {
    due_ = count;
    done_ = std::move(done);
    bytes_.clear();
    for (; count > 0; --count) {
      bytes_ += command_;
    }
    boost::asio::async_write(
        socket_, boost::asio::buffer(bytes_),
        [](const boost::system::error_code& error, std::size_t /*bytes*/) { require(!error); });
  }

 private:
  static void require(bool is_well) {
    if (!is_well) {
      std::cerr << "publish_cost: redis ended the connection\n";
      std::exit(1);
    }
  }
  /// Each answer is one line.
  void read() {
    socket_.async_read_some(boost::asio::buffer(buffer_),
                            [this](const boost::system::error_code& error, std::size_t bytes) {
                              require(!error);
                              const auto lines = std::count(
                                  buffer_.begin(),
                                  buffer_.begin() + static_cast<std::ptrdiff_t>(bytes), '\n');
                              due_ -= static_cast<std::size_t>(lines);
                              if (due_ == 0) {
                                done_();
                              }
                              read();
                            });
  }

  boost::asio::ip::tcp::socket socket_;
  std::string command_;
  std::string bytes_;
  std::array<char, 65'536> buffer_{};
  std::size_t due_ = 0;
  std::function<void()> done_;
};

/// Publishes so many, none of which waits for the answer to another, and calls `done` for the last.
using Publish = std::function<void(std::size_t count, std::function<void()> done)>;

double seconds(boost::asio::io_context& context, const Publish& publish, std::size_t count) {
  bool is_done = false;
  const auto began = Clock::now();
  publish(count, [&is_done] { is_done = true; });
  while (!is_done) {
    context.run_one();
  }
  return std::chrono::duration<double>(Clock::now() - began).count();
}

void measure(boost::asio::io_context& context, const Publish& publish, std::size_t one_at_a_time,
             std::size_t at_once, Figures& figures) {
  std::vector<double> took(one_at_a_time);
  for (double& each : took) {
    each = seconds(context, publish, 1) * 1'000;
  }
  figures.medians.push_back(quantile(took, 0.5));
  figures.p99s.push_back(quantile(took, 0.99));
  figures.rates.push_back(static_cast<double>(at_once) / seconds(context, publish, at_once));
}

std::string json(const Figures& figures) {
  return "{\"median\":" + std::to_string(quantile(figures.medians, 0.5)) +
         ",\"p99\":" + std::to_string(quantile(figures.p99s, 0.5)) +
         ",\"rate\":" + std::to_string(quantile(figures.rates, 0.5)) + '}';
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: publish_cost PORT TURNS ONE_AT_A_TIME AT_ONCE\n";
    return 2;
  }
  const auto number = [argv](int index) { return std::strtoull(argv[index], nullptr, 10); };
  boost::asio::io_context context{1};
  BarePublisher plain{context, static_cast<std::uint16_t>(number(1))};
  regstream::broker::RedisOptions options;
  options.host = "127.0.0.1";
  options.port = static_cast<std::uint16_t>(number(1));
  RedisBroker broker{context, options, {.waiting_max = 1'000'000, .waiting_bytes_max = 1U << 30U}};

  const Publish into_history = [&broker](std::size_t count, std::function<void()> done) {
    for (std::size_t left = count; left > 0; --left) {
      broker.publish(std::string{update}, {}, [done, left](const PublishResult& result) {
        if (!std::holds_alternative<regstream::EventId>(result)) {
          std::cerr << "publish_cost: " << std::get<regstream::broker::PublishError>(result).what
                    << '\n';
          std::exit(1);
        }
        if (left == 1) {
          done();
        }
      });
    }
  };
  const Publish bare = [&plain](std::size_t count, std::function<void()> done) {
    plain.publish(count, std::move(done));
  };
  Figures ours;
  Figures theirs;
  seconds(context, into_history, 1);
  for (auto turns = number(2); turns > 0; --turns) {
    measure(context, into_history, number(3), number(4), ours);
    measure(context, bare, number(3), number(4), theirs);
  }
  std::cout << "{\"history\":" << json(ours) << ",\"bare\":" << json(theirs) << "}\n";
  return 0;
}
