#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "configuration/environment.hpp"

using namespace regstream::configuration;

TEST_CASE("a variable names the option that it sets") {
  CHECK(variable_of("history-hours") == "REGSTREAM_HISTORY_HOURS");
  CHECK(variable_of("t24-latency-ms") == "REGSTREAM_T24_LATENCY_MS");
  const auto settings = read_environment({"PATH=/bin", "REGSTREAM_T24_LATENCY_MS=5=6"});
  REQUIRE(settings.size() == 1);
  CHECK(settings[0].option == "t24-latency-ms");
  CHECK(settings[0].origin == "REGSTREAM_T24_LATENCY_MS");
  CHECK(settings[0].kind == ValueKind::any);
  CHECK(settings[0].values == std::vector<std::string>{"5=6"});
}

TEST_CASE("an empty variable counts as not set") {
  CHECK(read_environment({"REGSTREAM_PORT=", "REGSTREAM_PORT", "REGSTREAM"}).empty());
}

TEST_CASE("the variables that Kubernetes sets for a Service are not options") {
  CHECK(read_environment(
            {"REGSTREAM_SERVICE_HOST=10.0.0.1", "REGSTREAM_SERVICE_PORT=80",
             "REGSTREAM_SERVICE_PORT_HTTP=80", "REGSTREAM_PORT=tcp://10.0.0.1:80",
             "REGSTREAM_PORT_80_TCP=tcp://10.0.0.1:80", "REGSTREAM_PORT_80_TCP_ADDR=10.0.0.1",
             "REGSTREAM_GATEWAY_SERVICE_HOST=10.0.0.2", "REGSTREAM_GATEWAY_PORT=tcp://10.0.0.2:80"})
            .empty());
  CHECK(read_environment({"REGSTREAM_PORT=8080"}).size() == 1);
}
