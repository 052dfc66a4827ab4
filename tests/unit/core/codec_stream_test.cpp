#include <catch2/catch.hpp>
#include <regstream/message/codec.hpp>
#include <string>
#include <string_view>
#include <variant>

using regstream::decode_stream_message;
using regstream::DecodeError;
using regstream::StreamMessage;
using regstream::StreamMessageType;

namespace {

StreamMessage decoded(std::string_view json) {
  auto result = decode_stream_message(json);
  const auto* error = std::get_if<DecodeError>(&result);
  INFO((error == nullptr ? "" : error->what));
  REQUIRE(error == nullptr);
  return std::get<StreamMessage>(result);
}

std::string error_of(std::string_view json) {
  const auto result = decode_stream_message(json);
  REQUIRE(std::holds_alternative<DecodeError>(result));
  return std::get<DecodeError>(result).what;
}

}  // namespace

TEST_CASE("the control messages are written as the contract says") {
  CHECK(regstream::encode_connected(1'702'493'000'000) ==
        R"({"type":"connected","timestamp":1702493000000})");
  CHECK(regstream::encode_ping(1'702'493'030'000) ==
        R"({"type":"ping","timestamp":1702493030000})");
  CHECK(regstream::encode_token_expiring(1'702'493'030'000, regstream::Duration{59'999}) ==
        R"({"type":"token_expiring","timestamp":1702493030000,"expiresInMs":59999})");
}

TEST_CASE("an update's envelope carries it exactly as it was sent") {
  const std::string_view sent = "{ \"registrationId\" : 42,\"status\":\"A\",\"x\":1e2 }";
  const std::string envelope = regstream::encode_update_envelope(sent);
  CHECK(envelope == R"({"type":"update","data":)" + std::string{sent} + "}");
  const StreamMessage message = decoded(envelope);
  CHECK(message.type == StreamMessageType::update);
  CHECK(message.data == sent);
  CHECK_FALSE(message.timestamp_ms.has_value());
}

TEST_CASE("control messages are read") {
  CHECK(decoded(R"({"type":"connected","timestamp":5})").type == StreamMessageType::connected);
  CHECK(decoded(R"({"type":"connected","timestamp":5})").timestamp_ms == 5);
  CHECK(decoded(R"({"type":"ping"})").type == StreamMessageType::ping);
  CHECK(decoded(R"({"type":"reset","timestamp":0})").timestamp_ms == 0);
}

TEST_CASE("a warning that the token expires has its time or counts as expired now") {
  const StreamMessage message = decoded(R"({"type":"token_expiring","expiresInMs":59999.5})");
  CHECK(message.type == StreamMessageType::token_expiring);
  CHECK(message.expires_in == regstream::Duration{59'999});
  for (const std::string_view rest : {"", R"(,"expiresInMs":"60000")", R"(,"expiresInMs":null)"}) {
    CAPTURE(rest);
    const std::string json = R"({"type":"token_expiring")" + std::string(rest) + "}";
    CHECK(decoded(json).expires_in == regstream::Duration{0});
  }
  CHECK(decoded(R"({"type":"ping","expiresInMs":5})").expires_in == regstream::Duration{0});
}

TEST_CASE("an envelope's keys may come in any order") {
  const StreamMessage message = decoded(
      R"({"timestamp":9,"data":{"type":"ping","status":"A","data":{},"registrationId":7},"x":{},"type":"update"})");
  CHECK(message.type == StreamMessageType::update);
  CHECK(message.data == R"({"type":"ping","status":"A","data":{},"registrationId":7})");
  CHECK(message.timestamp_ms == 9);
  CHECK(message.update.registration_id == 7);
  CHECK(message.update.status.text() == "A");
}

TEST_CASE("data is a view into the input") {
  const std::string json = R"({"type":"presence","data":{"a":1}})";
  CHECK(decoded(json).data.data() == json.data() + json.find("{\"a\""));
}

TEST_CASE("a type of a later gateway is other whatever its data") {
  CHECK(decoded(R"({"type":"presence","data":{"n":3}})").type == StreamMessageType::other);
  CHECK(decoded(R"({"type":"presence","data":{"n":3}})").data == R"({"n":3})");
  CHECK(decoded(R"({"type":"presence","data":[1]})").data.empty());
  CHECK(decoded(R"({"type":"ping","data":"x"})").data.empty());
}

TEST_CASE("an update or snapshot without an object as its data is an error") {
  CHECK(error_of(R"({"type":"update"})") == "data must be a JSON object in an update or snapshot");
  CHECK(error_of(R"({"type":"snapshot","data":null})").find("data must be") == 0);
  CHECK(error_of(R"({"type":"update","data":[]})").find("data must be") == 0);
}

TEST_CASE("an update with invalid data is an error that names the field") {
  CHECK(error_of(R"({"type":"update","data":{"status":"A"}})").find("registrationId is missing") ==
        0);
  CHECK(error_of(R"({"data":{"registrationId":1,"status":5},"type":"update"})")
            .find("status must be") == 0);
}

TEST_CASE("if data occurs twice the last one counts with all that it lacks") {
  CHECK(
      error_of(
          R"({"type":"update","data":{"registrationId":1,"status":"A"},"data":{"registrationId":1}})")
          .find("status is missing") == 0);
  CHECK(
      decoded(
          R"({"type":"update","data":null,"data":{"registrationId":3,"status":"A","message":"\u0041"}})")
          .update.message.text() == "A");
}

TEST_CASE("a message without a type is an error") {
  CHECK(error_of("{}") == "type is missing");
  CHECK(error_of(R"({"type":7})").find("type must be") == 0);
  CHECK(error_of("[]") == "the event must be a JSON object, and is an array");
}
