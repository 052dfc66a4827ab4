// Several updates in one request.
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "gateway/published_items.hpp"
#include "publish_route_bench.hpp"
#include "run_until.hpp"

namespace {

namespace http = boost::beast::http;
using Catch::Contains;
using nlohmann::json;
using regstream::EventId;
using regstream::broker::PublishError;
using regstream::gateway::published_items_max;
using regstream::test::run_until;
using Bench = regstream::test::PublishRouteBench;
using RecorderPtr = std::shared_ptr<regstream::net::Recorder>;

constexpr const char* lines_type = "application/x-ndjson";
constexpr const char* path = "/api/registrations/42/updates";
constexpr const char* failed = R"({"status":"FAILED","message":"x"})";

/// The results of a request that was answered as a whole.
json results(const RecorderPtr& recorder) {
  REQUIRE(recorder->answer);
  INFO(recorder->answer->body());
  REQUIRE(recorder->answer->result() == http::status::ok);
  CHECK((*recorder->answer)[http::field::content_type] == "application/json");
  CHECK((*recorder->answer)[http::field::cache_control] == "no-store");
  const json answer = json::parse(recorder->answer->body());
  CHECK(answer.size() == 1);
  return answer.at("results");
}

/// "[{…},{…}]": a text, repeated.
std::string array_of(std::size_t count, const std::string& item = failed) {
  std::string body = "[";
  for (std::size_t i = 0; i < count; ++i) {
    body.append(i == 0 ? "" : ",").append(item);
  }
  return body + ']';
}

}  // namespace

TEST_CASE_METHOD(Bench, "an array is published in its order, and each update has its id") {
  const auto recorder = send(
      R"( [ {"stage":"a","message":"[,]{\"\\"} , {"stage":"b","message":"2"},{"status":"FAILED"} ] )");
  CHECK(results(recorder) == json::parse(R"([{"id":"1702493000000-17"},{"id":"1702493000000-17"},
                                             {"id":"1702493000000-17"}])"));
  REQUIRE(broker.messages.size() == 3);
  CHECK(json::parse(broker.messages[0]).at("message") == R"([,]{"\)");
  CHECK(json::parse(broker.messages[1]).at("stage") == "b");
  CHECK(json::parse(broker.messages[2]) ==
        json::parse(
            R"({"registrationId":42,"status":"FAILED","message":"","timestamp":1702493000123})"));
}

TEST_CASE_METHOD(Bench,
                 "lines are published in their order, with any ends and blank ones between") {
  const auto recorder = send(std::string{failed} + "\r\n\n  \n" + failed + "\n\r\n" + failed, {},
                             path, "application/x-ndjson; charset=utf-8");
  CHECK(results(recorder).size() == 3);
  CHECK(broker.messages.size() == 3);
}

TEST_CASE_METHOD(Bench,
                 "lines that are shorter than a string without memory of its own are published") {
  CHECK(results(send(R"({"stage":"KYC"})", {}, path, lines_type)).size() == 1);
  REQUIRE(broker.messages.size() == 1);
  CHECK(json::parse(broker.messages[0]).at("stage") == "KYC");
}

TEST_CASE_METHOD(Bench, "the rest of a request under its key is another one") {
  const std::string second = R"({"status":"FAILED","message":"second"})";
  send('[' + std::string{failed} + ',' + second + ']', {{"Idempotency-Key", "k"}});
  send('[' + second + ']', {{"Idempotency-Key", "k"}});
  REQUIRE(broker.keys.size() == 3);
  CHECK(std::set<std::string>(broker.keys.begin(), broker.keys.end()).size() == 3);
}

TEST_CASE_METHOD(Bench, "one line alone is answered as several are") {
  CHECK(results(send(failed, {}, path, lines_type)).size() == 1);
}

TEST_CASE_METHOD(Bench,
                 "an update that is none has a problem of its own, and the others their ids") {
  const auto is_of_lines = GENERATE(false, true);
  const std::vector<std::string> items{failed,
                                       R"({"message":"x"})",
                                       R"({"status":"FAILED","registrationId":43})",
                                       failed,
                                       "7",
                                       R"({"status":"FAI)",
                                       R"({"status":"\u00zz"})",
                                       failed};
  std::string body;
  for (const std::string& item : items) {
    if (is_of_lines ||
        item != items[5]) {  // In an array, half a text would swallow what follows it.
      body.append(body.empty() ? "" : is_of_lines ? "\n" : ",").append(item);
    }
  }
  const auto recorder = is_of_lines ? send(body, {}, path, lines_type) : send('[' + body + ']');
  const json each = results(recorder);
  REQUIRE(each.size() == items.size() - (is_of_lines ? 0 : 1));
  CHECK(broker.messages.size() == 3);
  for (const std::size_t good : {std::size_t{0}, std::size_t{3}, each.size() - 1}) {
    CHECK(each.at(good) == json::parse(R"({"id":"1702493000000-17"})"));
  }
  CHECK(each.at(1).at("problem").at("status") == 400);
  CHECK(each.at(1).at("problem").at("title") == "Bad Request");
  CHECK_THAT(each.at(1).at("problem").at("detail").get<std::string>(),
             Contains("status is missing"));
  CHECK_THAT(each.at(2).at("problem").at("detail").get<std::string>(), Contains("must be 42"));
  CHECK_THAT(each.at(4).at("problem").at("detail").get<std::string>(),
             Contains("must be a JSON object"));
  CHECK_THAT(each.at(5).at("problem").at("detail").get<std::string>(), Contains("not valid JSON"));
  CHECK((*recorder->answer)[http::field::retry_after].empty());
}

TEST_CASE_METHOD(Bench, "what is no array is a 400 that says where, and publishes nothing") {
  const auto [body, reason] = GENERATE(table<std::string, const char*>({
      {"[]", "no update"},
      {"[ \n ]", "no update"},
      {"[", "at byte 2"},
      {"[{}", "at byte 4"},
      {"[{},]", "at byte 5"},
      {"[,{}]", "at byte 2"},
      {"[{},,{}]", "at byte 5"},
      {"[{}}", "at byte 4"},
      {"[{}] x", "at byte 6"},
      {"[{}][{}]", "at byte 5"},
      {R"([{"a":"]})", "at byte 10"},
      {R"([{"a":"\)", "at byte 9"},
      {"[" + std::string(100'000, '[') + "]", "at byte 100003"},
  }));
  CAPTURE(body.substr(0, 40));
  CHECK_THAT(refused(body), Contains(reason));
}

TEST_CASE_METHOD(Bench, "a body of no lines is a 400") {
  const auto* const body = GENERATE("", "\n", " \r\n\t\n");
  CHECK_THAT(problem(send(body, {}, path, lines_type), http::status::bad_request),
             Contains("no update"));
}

TEST_CASE_METHOD(Bench, "as many updates as redis takes at once are published, and no more") {
  CHECK(results(send(array_of(published_items_max))).size() == published_items_max);
  CHECK(broker.messages.size() == published_items_max);
  const bool is_of_lines = GENERATE(false, true);
  const std::size_t count = GENERATE(published_items_max + 1, std::size_t{30'000});
  std::string body = array_of(count);
  if (is_of_lines) {
    body.clear();
    for (std::size_t i = 0; i < count; ++i) {
      body.append(failed).append("\n");
    }
  }
  CHECK_THAT(problem(send(body, {}, path, is_of_lines ? lines_type : "application/json"),
                     http::status::payload_too_large),
             Contains("at most 128 updates"));
  // Nor are there more of nothing.
  CHECK_THAT(problem(send(array_of(400'000, "1")), http::status::payload_too_large),
             Contains("at most 128 updates"));
  CHECK(broker.messages.size() == published_items_max);
}

TEST_CASE_METHOD(Bench, "an item that nests too deeply fails alone") {
  const json each = results(send("[" + std::string{failed} + R"(,{"a":)" + std::string(1'000, '[') +
                                 std::string(1'000, ']') + "}," + failed + ']'));
  REQUIRE(each.size() == 3);
  CHECK_THAT(each.at(1).at("problem").at("detail").get<std::string>(), Contains("too deeply"));
  CHECK(broker.messages.size() == 2);
}

TEST_CASE_METHOD(Bench, "the idempotency key of a request is another one for each of its updates") {
  send(array_of(3), {{"Idempotency-Key", "k"}});
  send(array_of(3), {{"Idempotency-Key", "k"}});
  send(array_of(1), {{"Idempotency-Key", "other"}});
  send(failed, {{"Idempotency-Key", "k"}});
  send(array_of(1));
  REQUIRE(broker.keys.size() == 9);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(broker.keys[i] == broker.keys[i + 3]);
  }
  CHECK(std::set<std::string>(broker.keys.begin(), broker.keys.begin() + 8).size() == 5);
  CHECK(broker.keys[8].empty());
}

TEST_CASE_METHOD(Bench,
                 "updates that the broker could not take have problems that say when to come") {
  std::size_t count = 0;
  broker.result.reset();
  const auto recorder = send(array_of(3));
  for (auto& done : broker.unanswered) {
    CHECK_FALSE(recorder->answer);
    if (++count == 2) {
      done(PublishError{"secret.host:6379 refused"});
    } else {
      done(EventId{1, count});
    }
  }
  const json each = results(recorder);
  CHECK(each.at(0).at("id") == "1-1");
  CHECK(each.at(2).at("id") == "1-3");
  CHECK(each.at(1).at("problem").at("status") == 503);
  const std::string detail = each.at(1).at("problem").at("detail");
  CHECK_THAT(detail, Contains("try again") && !Contains("secret"));
  CHECK((*recorder->answer)[http::field::retry_after] == "1");
  context.run();  // The timer has been cancelled, or this would wait for it.
}

TEST_CASE_METHOD(Bench, "a broker that is away is a 503 of the whole request") {
  broker.connected = false;
  CHECK_THAT(problem(send(array_of(2)), http::status::service_unavailable), Contains("try again"));
  CHECK(broker.messages.empty());
}

TEST_CASE("a batch that times out reports the results that have come") {
  Bench bench({.answer_timeout = regstream::Duration{1}});
  bench.broker.result.reset();
  const auto recorder = bench.send(array_of(2));
  bench.broker.unanswered.at(1)(EventId{1, 2});
  REQUIRE(run_until(bench.context, [&] { return recorder->answer.has_value(); }));
  const json each = results(recorder);
  CHECK(each.at(0).at("problem").at("status") == 503);
  CHECK_THAT(each.at(0).at("problem").at("detail").get<std::string>(),
             Contains("may have published"));
  CHECK(each.at(1).at("id") == "1-2");
  bench.broker.unanswered.at(0)(EventId{1, 1});  // Too late.
}
