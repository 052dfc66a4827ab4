// The gateways' decoder and the publish route refuse the same updates, for the same reason; so does
// the publisher for Node, by the same file (wasm/test/publisher/update_message.test.ts).

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <variant>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <regstream/broker/publish_limits.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/publisher/update_message.hpp>

#include "gateway/published_body.hpp"

namespace {

using Json = nlohmann::ordered_json;
using Catch::Matchers::Contains;
using regstream::DecodeError;
using regstream::StageStatus;
using regstream::Status;
using regstream::UpdateSlices;

/// The JSON text of an entry's update.
std::string text_of(const Json& entry) {
  Json update = entry.at("update");
  const Json fill = entry.value("fill", Json::object());
  for (const auto& [member, bytes] : fill.items()) {
    const std::string letter = update.at(member);
    std::string& text = update.at(member).get_ref<std::string&>();
    while (text.size() < bytes.get<std::size_t>()) {
      text += letter;
    }
  }
  if (entry.contains("nest")) {
    Json inner = Json::array();
    // The message itself, details, and the innermost array are there already.
    for (std::size_t depth = 3; depth < entry.at("nest").get<std::size_t>(); ++depth) {
      inner = Json::array({std::move(inner)});
    }
    update["details"] = {{"a", std::move(inner)}};
  }
  if (entry.contains("pad")) {
    update.at("message") =
        std::string(entry.at("pad").get<std::size_t>() - update.dump().size(), 'x');
  }
  return update.dump();
}

/// The reason of both for a refusal; empty if they accept it.
std::string refusal_of_readers(std::string_view text) {
  const auto update = decode_update_slices(text, regstream::broker::published_limits);
  const auto* const error = std::get_if<DecodeError>(&update);
  return error == nullptr ? std::string{} : std::string{to_string(error->reason)};
}

}  // namespace

TEST_CASE("readers and the publish route accept the same updates") {
  std::ifstream file{REGSTREAM_VECTORS "/messages/limits.json"};
  const Json entries = Json::parse(file);
  REQUIRE(entries.size() > 20);
  for (const Json& entry : entries) {
    CAPTURE(entry.at("name"));
    const std::string text = text_of(entry);
    const std::string refused = entry.value("refused", "");
    CHECK(refusal_of_readers(text) == refused);
    const auto body = regstream::gateway::read_published_body(
        text, regstream::registration_workflow(),
        std::max<std::int64_t>(Json::parse(text).at("registrationId").get<std::int64_t>(), 1), 5);
    CHECK(std::holds_alternative<std::string>(body) == refused.empty());
    if (const auto* const message = std::get_if<std::string>(&body)) {
      CHECK(refusal_of_readers(*message).empty());
    }
  }
}

TEST_CASE("the publisher refuses what no gateway would show and names the limit") {
  using regstream::make_final_status;
  using regstream::make_stage_update;
  CHECK_THROWS_WITH(make_stage_update(42, std::string(300, 's'), StageStatus::started, "m", 5),
                    Contains("stage must be a string of at most 256 bytes"));
  CHECK_NOTHROW(make_stage_update(42, std::string(256, 's'), StageStatus::started, "m", 5));
  const auto nested = [](std::size_t levels) {
    return "{\"a\":" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
  };
  CHECK_THROWS_WITH(make_final_status(42, Status::approved, "m", nested(200), {}, 5),
                    Contains("nested too deeply: at most 64 levels are accepted"));
  CHECK_THROWS_WITH(make_final_status(42, Status::approved, "m", nested(64), {}, 5),
                    Contains("nested too deeply"));
  CHECK_NOTHROW(make_final_status(42, Status::approved, "m", nested(63), {}, 5));
  CHECK_THROWS_WITH(make_final_status(42, Status::approved, std::string(1U << 20U, 'm'), {}, {}, 5),
                    Contains("is too long") && Contains("1048320 are accepted"));
}
