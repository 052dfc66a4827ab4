#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "net/exposure.hpp"

using namespace regstream::net;

namespace {

std::optional<std::string> exposure(const std::string& address,
                                    const std::vector<std::string>& names = {}) {
  std::vector<HostPort> hosts;
  for (const std::string& name : names) {
    hosts.push_back(parse_host_port(name).value());
  }
  return find_exposure(address, hosts);
}

}  // namespace

TEST_CASE("A loopback address is reached by this machine only") {
  const std::string address = GENERATE(as<std::string>{}, "127.0.0.1", "127.9.9.9", "::1",
                                       "::ffff:127.0.0.1", "localhost", "LocalHost", "a.localhost");
  INFO(address);
  CHECK_FALSE(exposure(address));
}

TEST_CASE("Any other address and any name is reached by others") {
  const std::string address =
      GENERATE(as<std::string>{}, "0.0.0.0", "::", "10.0.0.1", "192.168.1.1", "fe80::1",
               "::ffff:10.0.0.1", "bank.example", "localhost.bank.example", "notlocalhost");
  INFO(address);
  CHECK(exposure(address) == "--address " + address);
}

TEST_CASE("A public name means a proxy on the same machine") {
  CHECK(exposure("127.0.0.1", {"localhost:80", "bank.example:443"}) == "--allow-host bank.example");
  CHECK(exposure("127.0.0.1", {"10.0.0.1"}) == "--allow-host 10.0.0.1");
  CHECK_FALSE(exposure("::1", {"localhost", "page.localhost:8080", "127.0.0.1", "[::1]:8080"}));
}
