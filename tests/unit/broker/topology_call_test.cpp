// What sentinels and nodes of a cluster answer, and what is made of it.
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "broker/topology/hash_slot.hpp"
#include "broker/topology/server_finder.hpp"
#include "broker/topology_call.hpp"

namespace {

using namespace regstream::broker;  // NOLINT: every reply.

const RedisOptions options;
const TopologyCalls calls{"mymaster", "{foo}:history"};  // In slot 12182.

RedisAddress at(std::uint16_t port) {
  return {.host = "10.0.0.1", .port = port};
}

HistoryReply read(Question question, std::size_t replies_left, std::string_view resp) {
  RespReader reader;
  REQUIRE(reader.feed(resp));
  const Reply reply = reader.next();
  REQUIRE(reply);
  return calls.read(question, replies_left, *reply, options);
}

ServerLocation location(Question question, std::size_t replies_left, std::string_view resp) {
  const HistoryReply reply = read(question, replies_left, resp);
  REQUIRE(std::holds_alternative<ServerLocation>(reply));
  return std::get<ServerLocation>(reply);
}

ServerLocation slots(std::string_view resp) {
  return location(Question::slots, 1, resp);
}

const std::string node = "*3\r\n$8\r\n10.0.0.1\r\n:7\r\n$2\r\nid\r\n";

}  // namespace

TEST_CASE("a sentinel's first reply is the primary's address") {
  CHECK(location(Question::location, 3, "*2\r\n$8\r\n10.0.0.1\r\n$4\r\n6379\r\n").primary ==
        at(6379));
  for (const char* const resp :
       {"*-1\r\n", "$-1\r\n", ":1\r\n", "*0\r\n", "*1\r\n$8\r\n10.0.0.1\r\n",
        "*2\r\n$8\r\n10.0.0.1\r\n$1\r\n0\r\n", "*2\r\n$0\r\n\r\n$4\r\n6379\r\n",
        "*2\r\n:1\r\n:2\r\n", "*2\r\n*0\r\n*0\r\n"}) {
    CAPTURE(resp);
    CHECK_FALSE(location(Question::location, 3, resp).primary);
  }
  CHECK(std::holds_alternative<Refused>(read(Question::location, 3, "-NOPERM no\r\n")));
}

TEST_CASE("a sentinel's second reply has the configuration epoch if anything has") {
  CHECK(location(Question::location, 2,
                 "*4\r\n$2\r\nip\r\n$1\r\na\r\n$12\r\nconfig-epoch\r\n$2\r\n17\r\n")
            .config_epoch == 17U);
  for (const char* const resp :
       {"-NOPERM no\r\n", "*1\r\n$12\r\nconfig-epoch\r\n", "*0\r\n", "$-1\r\n",
        "*2\r\n$12\r\nconfig-epoch\r\n$2\r\n-1\r\n",
        "*2\r\n$12\r\nconfig-epoch\r\n$22\r\n1000000000000000000000\r\n"}) {
    CAPTURE(resp);
    CHECK_FALSE(location(Question::location, 2, resp).config_epoch);
  }
}

TEST_CASE("a sentinel's third reply has the others within bounds") {
  const std::string other = "*4\r\n$2\r\nip\r\n$8\r\n10.0.0.1\r\n$4\r\nport\r\n$5\r\n26379\r\n";
  CHECK(location(Question::location, 1, "*2\r\n" + other + "*1\r\n$2\r\nip\r\n").others ==
        std::vector{at(26379)});
  std::string many = "*1000\r\n";
  for (int count = 0; count < 1000; ++count) {
    many += other;
  }
  CHECK(location(Question::location, 1, many).others.size() == ServerFinder::asked_max);
  CHECK(location(Question::location, 1, "-NOPERM no\r\n").others.empty());
}

TEST_CASE("of a cluster's slots the owner of the history's counts") {
  const ServerLocation found = slots(
      "*2\r\n*3\r\n:0\r\n:12181\r\n*3\r\n$8\r\n10.0.0.1\r\n:6\r\n$1\r\na\r\n"
      "*4\r\n:12182\r\n:16383\r\n" +
      node + "*3\r\n$8\r\n10.0.0.1\r\n:8\r\n$1\r\nb\r\n");
  CHECK(found.primary == at(7));
  CHECK(found.others == std::vector{at(6), at(7), at(8)});
}

TEST_CASE("slots without an owner and malformed slots give no primary") {
  CHECK_FALSE(slots("*0\r\n").primary);
  CHECK_FALSE(slots(":1\r\n").primary);
  CHECK_FALSE(slots("*1\r\n*3\r\n:0\r\n:12181\r\n" + node).primary);
  CHECK_FALSE(slots("*1\r\n*2\r\n:0\r\n:16383\r\n").primary);
  CHECK_FALSE(slots("*1\r\n*3\r\n$1\r\n0\r\n:16383\r\n" + node).primary);
  CHECK_FALSE(slots("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$1\r\n?\r\n:7\r\n").primary);
  CHECK_FALSE(slots("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$8\r\n10.0.0.1\r\n:0\r\n").primary);
  CHECK(std::holds_alternative<Refused>(
      read(Question::slots, 1, "-ERR This instance has cluster support disabled\r\n")));
}

TEST_CASE("a node without an address is the one that was asked") {
  CHECK(slots("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$0\r\n\r\n:7\r\n").primary ==
        RedisAddress{.host = options.host, .port = 7});
}
