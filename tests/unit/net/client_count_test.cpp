#include <memory>
#include <optional>

#include <boost/asio/ip/address.hpp>
#include <catch2/catch.hpp>

#include "net/client_count.hpp"

using namespace regstream::net;
using boost::asio::ip::make_address;

TEST_CASE("A client is an IPv4 address or the first half of an IPv6 address") {
  const auto client = [](const char* address) { return client_of(make_address(address)); };
  CHECK(client("192.0.2.1") == client("192.0.2.1"));
  CHECK(client("192.0.2.1") != client("192.0.2.2"));
  CHECK(client("192.0.2.1") == client("::ffff:192.0.2.1"));
  CHECK(client("2001:db8:1:2::1") == client("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  CHECK(client("2001:db8:1:2::1") != client("2001:db8:1:3::1"));
}

TEST_CASE("A loopback address is recognised in both notations") {
  for (const char* address : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
    CHECK(is_loopback(make_address(address)));
  }
  for (const char* address : {"128.0.0.1", "::2", "::ffff:10.0.0.1", "fe80::1"}) {
    CHECK_FALSE(is_loopback(make_address(address)));
  }
}

TEST_CASE("Each client has its own limit of places") {
  const ClientAddress one = client_of(make_address("192.0.2.1"));
  const ClientAddress other = client_of(make_address("192.0.2.2"));
  ClientCounts counts(2);
  std::optional<ClientPlace> first = counts.enter(one);
  std::optional<ClientPlace> second = counts.enter(one);
  CHECK(first);
  CHECK(second);
  CHECK_FALSE(counts.enter(one));
  CHECK(counts.enter(other));

  const ClientPlace moved = *std::move(second);  // From a request to its stream.
  second.reset();
  CHECK_FALSE(counts.enter(one));
  first.reset();
  CHECK(counts.enter(one));
}

TEST_CASE("Places may outlive the counts") {
  auto counts = std::make_unique<ClientCounts>(2);
  std::optional<ClientPlace> place = counts->enter(client_of(make_address("192.0.2.1")));
  counts.reset();
  CHECK(*place);
  place.reset();
}

TEST_CASE("Without a maximum nobody is counted") {
  ClientCounts counts(0);
  const ClientAddress client = client_of(make_address("192.0.2.1"));
  const std::optional<ClientPlace> first = counts.enter(client);
  const std::optional<ClientPlace> second = counts.enter(client);
  CHECK(second);
}
