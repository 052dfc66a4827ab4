// What a request for a stream can ask for, over real sockets.
#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "gateway_running.hpp"

using namespace regstream;
using namespace regstream::gateway;
using regstream::net::Client;
using regstream::net::status_of;

namespace {

const std::string stream_path = "/api/registrations/updates/stream";

std::string update_of(std::int64_t registration_id, const std::string& status = "PENDING") {
  return nlohmann::json{
      {"registrationId", registration_id}, {"status", status}, {"message", "so it is"}}
      .dump();
}

std::string hundred_ids(std::int64_t first) {
  std::string query;
  for (std::int64_t id = first; id < first + 100; ++id) {
    query.append(query.empty() ? "?" : "&").append("registrationId=").append(std::to_string(id));
  }
  return query;
}

}  // namespace

TEST_CASE("A stream of several registrations gets those and no others") {
  RunningGateway gateway;
  gateway.publish(update_of(41));
  gateway.publish(update_of(43));
  StreamClient client(gateway, "?registrationId=43&registrationId=41&registrationId=42");
  CHECK(client.last_id == "0-0");
  CHECK(client.next()["data"]["registrationId"] == 41);
  CHECK(client.last_id == "0-0");
  CHECK(client.next()["data"]["registrationId"] == 43);
  CHECK(client.last_id == RunningGateway::id(2));
  for (const std::int64_t id : {44, 42, 41}) {
    gateway.publish(update_of(id));
  }
  CHECK(client.next()["data"]["registrationId"] == 42);
  CHECK(client.next()["data"]["registrationId"] == 41);
  CHECK(client.last_id == RunningGateway::id(5));
}

TEST_CASE("A page that shows another row resumes and gets only that row's snapshot") {
  RunningGateway gateway;
  for (const std::int64_t id : {41, 42, 43, 41}) {
    gateway.publish(update_of(id));
  }
  StreamClient client(gateway, "?registrationId=41&registrationId=42&registrationId=43&snapshot=43",
                      0, "Last-Event-ID: " + RunningGateway::id(2) + "\r\n");
  const nlohmann::json snapshot = client.next();
  CHECK(snapshot["type"] == "snapshot");
  CHECK(snapshot["data"]["registrationId"] == 43);
  CHECK(client.last_id == RunningGateway::id(2));
  const nlohmann::json update = client.next();
  CHECK(update["type"] == "update");
  CHECK(update["data"]["registrationId"] == 41);
  CHECK(client.last_id == RunningGateway::id(4));
}

TEST_CASE("A hundred of the longest ids fit one stream and a longer target is 414") {
  RunningGateway gateway;
  const std::int64_t first = registration_id_max - 99;
  const std::string query = hundred_ids(first);
  constexpr std::size_t target_bytes_max = 6U << 10U;
  const auto padded_to = [&](std::size_t size) {
    std::string target = stream_path + query + "&_=";
    target.append(size - target.size(), 'x');
    return target;
  };
  const std::string longest = padded_to(target_bytes_max);
  StreamClient client(gateway, longest.substr(stream_path.size()));
  gateway.publish(update_of(registration_id_max));
  CHECK(client.next()["data"]["registrationId"] == registration_id_max);

  Client refused(gateway.port());
  refused.get(padded_to(target_bytes_max + 1));
  const std::string response = refused.read_response();
  CHECK(status_of(response) == 414);
  CHECK(response.find("application/problem+json") != std::string::npos);
  CHECK(response.find("6144") != std::string::npos);

  Client too_many(gateway.port());
  too_many.get(stream_path + hundred_ids(1) + "&registrationId=200");
  CHECK(status_of(too_many.read_response()) == 400);
}

TEST_CASE("A stream until the final status ends in good order with both versions of HTTP") {
  RunningGateway gateway;
  const bool is_chunked = GENERATE(true, false);
  Client client(gateway.port());
  client.send("GET " + stream_path + "?registrationId=42&until=final HTTP/1." +
              (is_chunked ? "1\r\nHost: localhost" : "0") + "\r\n\r\n");
  CHECK(status_of(client.read_head()) == 200);
  static_cast<void>(client.read_until(R"("type":"connected")"));
  gateway.publish(update_of(41, "APPROVED"));
  gateway.publish(update_of(42, "APPROVED"));
  gateway.publish(update_of(42, "COMPLETED"));
  const std::string rest = client.read_to_end();
  CHECK(rest.find(R"("registrationId":41)") == std::string::npos);
  CHECK(rest.find(R"("status":"APPROVED")") != std::string::npos);
  CHECK(rest.find("COMPLETED") == std::string::npos);
  CHECK_THAT(rest, Catch::Contains("\nid: " + RunningGateway::id(2) + "-end\ndata: {\"type\":" +
                                   "\"end\",\"id\":\"" + RunningGateway::id(2) + "\",") &&
                       Catch::EndsWith("}\n\n"));
  if (is_chunked) {
    CHECK(client.has_whole_body());
  }
  CHECK(gateway.has_subscribers(0));
  CHECK(gateway.health()["ended"] == 1);
}

TEST_CASE("A stream of an already final id ends at once") {
  RunningGateway gateway;
  gateway.publish(update_of(42, "FAILED"));
  for (const std::string& cursor : {std::string{}, RunningGateway::id(1)}) {
    Client client(gateway.port());
    client.get(stream_path + "?registrationId=42&until=final&lastEventId=" + cursor);
    static_cast<void>(client.read_head());
    const std::string body = client.read_to_end();
    CHECK((body.find(R"("type":"snapshot")") != std::string::npos) == cursor.empty());
    CHECK(body.find("\nid: " + RunningGateway::id(1) + "-end\n") != std::string::npos);
    CHECK(client.has_whole_body());
  }
}

TEST_CASE("A client that returns with the end gets 204 while it asks for an end") {
  RunningGateway gateway;
  gateway.publish(update_of(42, "FAILED"));
  const std::string end_id = RunningGateway::id(1) + "-end";
  Client client(gateway.port());
  client.get(stream_path + "?registrationId=42&until=final", "Last-Event-ID: " + end_id + "\r\n");
  const std::string response = client.read_head();
  CHECK(status_of(response) == 204);
  CHECK(response.find("Content-Length") == std::string::npos);
  // The connection goes on: the next answer is this request's.
  client.get(stream_path + "?registrationId=42&until=final&lastEventId=" + end_id);
  CHECK(status_of(client.read_head()) == 204);
  CHECK(gateway.health()["subscribers"] == 0);

  const StreamClient follower(gateway, "?registrationId=42", 0,
                              "Last-Event-ID: " + end_id + "\r\n");
  CHECK(follower.last_id == RunningGateway::id(1));
  gateway.publish(update_of(42));
  CHECK(gateway.health()["resumed"] == 1);
}

TEST_CASE("A client that has its end gets 204 even from a draining gateway") {
  RunningGateway gateway({.streams = {.streams = std::make_shared<hub::StreamCount>(0)}});
  Client client(gateway.port());
  client.get(stream_path + "?registrationId=42&until=final&lastEventId=1-1-end");
  CHECK(status_of(client.read_head()) == 204);
  client.get(stream_path + "?registrationId=42&until=final&lastEventId=1-1");
  CHECK(status_of(client.read_response()) == 503);
}

TEST_CASE("A poll is a body that ends with its answer with both versions of HTTP") {
  RunningGateway gateway;
  gateway.publish(update_of(42, "PENDING"));
  const bool is_chunked = GENERATE(true, false);
  const std::string version = is_chunked ? " HTTP/1.1\r\nHost: localhost" : " HTTP/1.0";
  Client first(gateway.port());
  first.send("GET " + stream_path + "?registrationId=42&poll=1" + version + "\r\n\r\n");
  CHECK(status_of(first.read_head()) == 200);
  CHECK(first.read_to_end().find(R"("type":"snapshot")") != std::string::npos);

  Client next(gateway.port());
  next.send("GET " + stream_path + "?registrationId=42&poll=1&lastEventId=" +
            RunningGateway::id(1) + version + "\r\n\r\n");
  CHECK(status_of(next.read_head()) == 200);
  static_cast<void>(next.read_until(R"("type":"connected")"));
  gateway.publish(update_of(41, "APPROVED"));
  gateway.publish(update_of(42, "APPROVED"));
  const std::string rest = next.read_to_end();
  CHECK_THAT(rest,
             Catch::Contains("\nid: " + RunningGateway::id(3) + "\ndata: {\"type\":\"update\"") &&
                 Catch::EndsWith("}\n\n"));
  if (is_chunked) {
    CHECK(first.has_whole_body());
    CHECK(next.has_whole_body());
  }
  CHECK(gateway.has_subscribers(0));
}

TEST_CASE("Contradictions about ids or an end or a poll are 400 with what would be right") {
  const RunningGateway gateway;
  Client client(gateway.port());
  for (const char* query :
       {"?registrationId=42&until=", "?registrationId=42&until=forever", "?until=final",
        "?registrationId=41&registrationId=42&until=final", "?registrationId=42&snapshot=43",
        "?snapshot=42", "?registrationId=41&registrationId=x",
        "?registrationId=42&snapshot=", "?poll=", "?poll=0", "?poll=1&poll=1"}) {
    INFO(query);
    client.get(stream_path + query);
    const std::string response = client.read_response();
    CHECK(status_of(response) == 400);
    CHECK(response.find("application/problem+json") != std::string::npos);
  }
  CHECK(gateway.health()["subscribers"] == 0);
}
