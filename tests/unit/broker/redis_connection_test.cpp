#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include "broker/redis_connection.hpp"
#include "failing_allocation.hpp"
#include "redis_program.hpp"
#include "redis_server.hpp"
#include "run_until.hpp"

namespace {

using boost::asio::ip::tcp;
using Catch::Contains;
using regstream::Duration;
using regstream::broker::RedisConnection;
using regstream::broker::RedisFailure;
using regstream::broker::RedisFailureKind;
using regstream::broker::RedisOptions;
using regstream::broker::ReplyLimits;
using regstream::test::OtherProgram;
using regstream::test::RedisServer;
using regstream::test::run_on_until;
using regstream::test::run_until;

/// Listens on loopback, and sends one text to each client.
class Impostor {
 public:
  Impostor(boost::asio::io_context& context, std::string speech, bool then_closes = false)
      : acceptor_(context, {boost::asio::ip::address_v4::loopback(), 0}),
        speech_(std::move(speech)) {
    acceptor_.async_accept([this, then_closes](auto error, tcp::socket socket) {
      if (!error) {
        socket_.emplace(std::move(socket));
        boost::asio::async_write(*socket_, boost::asio::buffer(speech_),
                                 [this, then_closes](auto, std::size_t) {
                                   if (then_closes) {
                                     socket_->shutdown(tcp::socket::shutdown_send);
                                   }
                                 });
      }
    });
  }

  [[nodiscard]] RedisOptions options() const {
    RedisOptions options;
    options.host = "127.0.0.1";
    options.port = acceptor_.local_endpoint().port();
    return options;
  }

 private:
  tcp::acceptor acceptor_;
  std::string speech_;
  std::optional<tcp::socket> socket_;
};

RedisOptions options_of(const RedisServer& server) {
  RedisOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  return options;
}

/// How an unattended connection ends.
RedisFailure end_of(boost::asio::io_context& context, const RedisOptions& options) {
  std::optional<RedisFailure> end;
  const RedisConnection connection{
      context,
      options,
      address_of(options),
      {.on_ready = [] {},
       .on_reply = [](const auto&) {},
       .on_message = {},
       .on_end = [&end](const RedisFailure& failure) { end = failure; }}};
  REQUIRE(run_until(context, [&end] { return end.has_value(); }));
  return *end;
}

}  // namespace

TEST_CASE("a web server is not taken for redis") {
  boost::asio::io_context context;
  const Impostor web_server{context, "HTTP/1.1 400 Bad Request\r\n\r\n"};
  CHECK(end_of(context, web_server.options()).kind == RedisFailureKind::not_redis);
}

TEST_CASE("redis's last words are reported and not only the closed connection") {
  boost::asio::io_context context;
  const Impostor full{context, "-ERR max number of clients reached\r\n", true};
  const auto end = end_of(context, full.options());
  CHECK(end.kind == RedisFailureKind::crowded);
  CHECK_THAT(end.what, Contains("limit of clients"));
}

TEST_CASE("a redis that still loads its data is not mistaken for one that refuses") {
  boost::asio::io_context context;
  const Impostor loading{context, "-LOADING Redis is loading the dataset in memory\r\n"};
  CHECK(end_of(context, loading.options()).kind == RedisFailureKind::passing);
}

TEST_CASE("the password is not shown when redis quotes it") {
  boost::asio::io_context context;
  const Impostor quoting{context,
                         "-ERR unknown command 'AUTH', with args beginning with: 's3cret'\r\n"};
  auto options = quoting.options();
  options.password = "s3cret";
  CHECK_THAT(end_of(context, options).what, !Contains("s3cret"));
}

TEST_CASE("a server that accepts and says nothing times out") {
  boost::asio::io_context context;
  const Impostor mute{context, ""};
  auto options = mute.options();
  options.timing.connect_timeout = Duration{50};
  CHECK(end_of(context, options).kind == RedisFailureKind::timed_out);
}

TEST_CASE("a server that stops answering after the first PING is noticed") {
  boost::asio::io_context context;
  const Impostor half_open{context, "+PONG\r\n"};
  auto options = half_open.options();
  options.timing.ping_interval = Duration{20};
  options.timing.reply_timeout = Duration{20};
  CHECK(end_of(context, options).kind == RedisFailureKind::silent);
}

namespace {

/// Messages of a channel with this many bytes in total.
std::string pushed(std::size_t bytes) {
  const std::string message =
      "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1000\r\n" + std::string(1'000, 'x') + "\r\n";
  std::string all;
  while (all.size() < bytes) {
    all += message;
  }
  return all;
}

}  // namespace

TEST_CASE("a server that goes on without an answer to PING holds more however fast it comes") {
  boost::asio::io_context context;
  const auto [bytes, is_behind] = GENERATE(table<std::size_t, bool>({
      {1'000, false},   // Less than is worth a question.
      {100'000, true},  // The answer would have to come.
  }));
  const Impostor impostor{context, "+PONG\r\n" + pushed(bytes), true};
  int behind = 0;
  int drained = 0;
  bool has_ended = false;
  const RedisConnection connection{context,
                                   impostor.options(),
                                   address_of(impostor.options()),
                                   {.on_ready = [] {},
                                    .on_reply = [](const auto&) {},
                                    .on_message = [](std::string_view) {},
                                    .on_behind = [&behind] { ++behind; },
                                    .on_drained = [&drained] { ++drained; },
                                    .on_end = [&has_ended](const auto&) { has_ended = true; }}};
  REQUIRE(run_until(context, [&has_ended] { return has_ended; }));
  CHECK((behind > 0) == is_behind);
  CHECK(drained == 0);
}

TEST_CASE("a paused connection reads nothing and then all and says when that is all there was") {
  const RedisServer server;
  boost::asio::io_context context;
  int heard = 0;
  bool is_subscribed = false;
  bool is_drained = false;
  std::optional<RedisConnection> connection;
  connection.emplace(context, options_of(server), address_of(options_of(server)),
                     RedisConnection::Handlers{
                         .on_ready =
                             [&connection] {
                               connection->send({"SUBSCRIBE", "c"});
                             },
                         .on_reply = [&is_subscribed](const auto&) { is_subscribed = true; },
                         .on_message =
                             [&connection, &heard](std::string_view) {
                               ++heard;
                               connection->pause(heard == 1);  // In the middle of what has come.
                             },
                         .on_drained = [&is_drained] { is_drained = true; },
                         .on_end = [](const auto&) {}});
  REQUIRE(run_until(context, [&is_subscribed] { return is_subscribed; }));
  OtherProgram program{server};
  for (int i = 0; i < 1'000; ++i) {
    program.command({"PUBLISH", "c", std::string(1'000, 'x')});
  }
  REQUIRE(run_until(context, [&heard] { return heard == 1; }));
  context.restart();
  while (context.poll() > 0) {
  }
  CHECK(heard == 1);
  CHECK_FALSE(is_drained);
  connection->pause(false);
  REQUIRE(run_until(context, [&is_drained] { return is_drained; }));
  CHECK(heard == 1'000);
}

TEST_CASE("a server that sends without end is cut off") {
  boost::asio::io_context context;
  const Impostor endless{context,
                         "+PONG\r\n$100000000\r\n" + std::string(ReplyLimits{}.bytes_max + 1, 'x')};
  CHECK(end_of(context, endless.options()).kind == RedisFailureKind::oversized);
}

TEST_CASE("a server that announces a thousand million elements is cut off before there are any") {
  boost::asio::io_context context;
  const Impostor boastful{context, "+PONG\r\n*1000000000\r\n"};
  CHECK(end_of(context, boastful.options()).kind == RedisFailureKind::oversized);
}

TEST_CASE("a connection whose handler throws ends and the exception reaches the loop") {
  const RedisServer server;
  boost::asio::io_context context;
  std::optional<RedisConnection> connection;
  std::optional<RedisFailure> end;
  connection.emplace(
      context, options_of(server), address_of(options_of(server)),
      RedisConnection::Handlers{
          .on_ready =
              [&connection] {
                connection->send({"ECHO", "x"});
              },
          .on_reply =
              [](const redisReply& /*reply*/) { throw std::runtime_error("the handler's own"); },
          .on_message = {},
          .on_end = [&end](const RedisFailure& failure) { end = failure; }});
  CHECK_THROWS_WITH(run_until(context, [] { return false; }), "the handler's own");
  REQUIRE(end);
  CHECK(end->kind == RedisFailureKind::lost);
  CHECK_THAT(end->what, Contains("an error interrupted its work"));
}

TEST_CASE("a connection that has no memory to ask whether Redis is there ends all the same") {
  const RedisServer server;
  auto options = options_of(server);
  options.timing.ping_interval = regstream::Duration{10};
  options.timing.reply_timeout = regstream::Duration{100};
  int failures = 0;
  for (bool has_failed = true; has_failed; failures += has_failed ? 1 : 0) {
    CAPTURE(failures);
    boost::asio::io_context context;
    bool is_ready = false;
    bool has_ended = false;
    const RedisConnection connection{
        context, options, address_of(options),
        RedisConnection::Handlers{
            .on_ready = [&] { is_ready = true; },
            .on_reply = [](const redisReply& /*reply*/) {},
            .on_message = {},
            .on_end = [&](const RedisFailure& /*failure*/) { has_ended = true; }}};
    REQUIRE(run_until(context, [&] { return is_ready; }));
    server.pause();
    regstream::fail_allocation_after(failures);
    const bool ends = run_on_until(
        context, [&] { return has_ended; }, [](const std::exception& /*error*/) {});
    has_failed = regstream::end_failing_allocation();
    server.resume();
    REQUIRE(ends);
  }
  CHECK(failures > 0);
}

TEST_CASE("a port where nobody listens refuses") {
  boost::asio::io_context context;
  RedisOptions options;
  options.port = regstream::test::unused_port();
  CHECK(end_of(context, options).kind == RedisFailureKind::refused);
}

TEST_CASE("a redis that cannot save to disk carries messages all the same") {
  boost::asio::io_context context;
  const Impostor misconfigured{context, "-MISCONF Redis is configured to save RDB snapshots\r\n"};
  bool is_ready = false;
  const RedisConnection connection{context,
                                   misconfigured.options(),
                                   address_of(misconfigured.options()),
                                   {.on_ready = [&is_ready] { is_ready = true; },
                                    .on_reply = [](const auto&) {},
                                    .on_message = {},
                                    .on_end = [](const auto&) {}}};
  CHECK(run_until(context, [&is_ready] { return is_ready; }));
}

TEST_CASE("an idle connection is kept by PING and a subscribed one too") {
  const bool is_subscribed = GENERATE(false, true);
  const RedisServer server;
  boost::asio::io_context context;
  auto options = options_of(server);
  options.timing.ping_interval = Duration{20};
  bool has_ended = false;
  std::unique_ptr<RedisConnection> connection;
  connection = std::make_unique<RedisConnection>(
      context, options, address_of(options),
      RedisConnection::Handlers{.on_ready =
                                    [&] {
                                      if (is_subscribed) {
                                        connection->send({"SUBSCRIBE", "channel"});
                                      }
                                    },
                                .on_reply = [](const auto&) {},
                                .on_message = {},
                                .on_end = [&has_ended](const auto&) { has_ended = true; }});
  // Redis itself counts the commands that it served; INFO would disturb the subscribed connection.
  int pings = 0;
  int asked = 0;
  RedisConnection observer{context,
                           options_of(server),
                           address_of(options_of(server)),
                           {.on_ready =
                                [&] {
                                  observer.send({"INFO", "commandstats"});
                                },
                            .on_reply =
                                [&](const redisReply& reply) {
                                  const std::string text{regstream::broker::reply_text(reply)};
                                  const auto at = text.find("cmdstat_ping:calls=");
                                  pings =
                                      at == std::string::npos ? 0 : std::stoi(text.substr(at + 19));
                                  ++asked;
                                  observer.send({"INFO", "commandstats"});
                                },
                            .on_message = {},
                            .on_end = [](const auto&) {}}};
  CHECK(run_until(context, [&] { return pings >= 6 || has_ended; }));
  CHECK_FALSE(has_ended);
}

TEST_CASE("a destroyed connection calls nobody and leaves nothing to run") {
  const RedisServer server;
  boost::asio::io_context context;
  bool is_called = false;
  const RedisConnection::Handlers handlers{
      .on_ready = [&is_called] { is_called = true; },
      .on_reply = [&is_called](const auto&) { is_called = true; },
      .on_message = {},
      .on_end = [&is_called](const auto&) { is_called = true; }};

  SECTION("at once") {
    auto connection = std::make_unique<RedisConnection>(context, options_of(server),
                                                        address_of(options_of(server)), handlers);
    connection.reset();
    context.run();
    CHECK_FALSE(is_called);
  }
  SECTION("after any number of steps") {
    for (int steps = 1; steps <= 6; ++steps) {
      auto connection = std::make_unique<RedisConnection>(context, options_of(server),
                                                          address_of(options_of(server)), handlers);
      for (int step = 0; step < steps && !is_called; ++step) {
        context.restart();
        context.run_one();
      }
      is_called = false;
      connection.reset();
      context.restart();
      context.run();
      CHECK_FALSE(is_called);
    }
  }
  SECTION("by its own handler") {
    std::unique_ptr<RedisConnection> connection;
    connection = std::make_unique<RedisConnection>(
        context, options_of(server), address_of(options_of(server)),
        RedisConnection::Handlers{.on_ready = [&connection] { connection.reset(); },
                                  .on_reply = {},
                                  .on_message = {},
                                  .on_end = {}});
    context.run();
    CHECK_FALSE(connection);
  }
}
