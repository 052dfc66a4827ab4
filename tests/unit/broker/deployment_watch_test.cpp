#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/deployment_watch.hpp"
#include "captured_log.hpp"

namespace {

using Names = std::vector<std::string>;
using regstream::broker::DeploymentWatch;
using regstream::broker::RespReader;
using regstream::test::CapturedLog;

std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

std::string entry(const std::string& id, const std::string& field, const std::string& value) {
  return "*2\r\n" + bulk(id) + "*2\r\n" + bulk(field) + bulk(value);
}

void answer(DeploymentWatch& watch, const std::vector<std::string>& entries) {
  std::string reply = "*" + std::to_string(entries.size()) + "\r\n";
  for (const std::string& text : entries) {
    reply += text;
  }
  RespReader reader;
  REQUIRE(reader.feed(reply));
  watch.on_answer(*reader.next());
}

}  // namespace

TEST_CASE("gateways of one deployment say nothing of each other") {
  const CapturedLog captured;
  DeploymentWatch watch{"production", "localhost:6379", "deployments"};
  answer(watch, {entry("1000-0", "deployment", "production"),
                 entry("1000-1", "deployment", "production")});
  CHECK(watch.others().empty());
  CHECK(captured.text().empty());
}

TEST_CASE("another deployment is reported once until it has been gone for a minute") {
  const CapturedLog captured;
  DeploymentWatch watch{"production", "localhost:6379", "deployments"};
  const std::string staging = entry("1000-0", "deployment", "staging");
  const std::string nameless = entry("2000-0", "deployment", "");
  for (int time = 0; time < 3; ++time) {
    answer(watch, {staging, nameless, entry("60999-0", "deployment", "production")});
    regstream::logging::forget_lines();  // As after ten seconds.
  }
  CHECK(watch.others() == Names{"", "staging"});
  CHECK(
      captured.text() ==
      "warning: redis at localhost:6379 is used by another deployment, one without a name, "
      "\"staging\"; this one is \"production\": each shows the other's updates. Give each a Redis "
      "of its own, or all their gateways the same --deployment\n");
  answer(watch, {staging, nameless, entry("61000-0", "deployment", "production")});
  CHECK(watch.others() == Names{""});
  answer(watch, {staging, nameless, entry("62000-0", "deployment", "production")});
  CHECK(watch.others().empty());
}

TEST_CASE("entries that no gateway wrote are ignored") {
  const CapturedLog captured;
  DeploymentWatch watch{"production", "localhost:6379", "deployments"};
  answer(watch, {});
  answer(watch, {entry("1000-0", "name", "staging")});
  answer(watch, {"*2\r\n" + bulk("1000-0") + "*0\r\n", ":1\r\n",
                 entry("1000-1", "deployment", "production")});
  CHECK(watch.others().empty());
  CHECK(captured.text().empty());
}

TEST_CASE("names that no gateway can have are ignored") {
  const CapturedLog captured;
  DeploymentWatch watch{"production", "localhost:6379", "deployments"};
  answer(watch,
         {entry("1000-0", "deployment", "\xff"), entry("1000-1", "deployment", "two words"),
          entry("1000-2", "deployment", "\x1b[2J"),
          entry("1000-3", "deployment", std::string(65, 'a')),
          entry("no id", "deployment", "staging"), entry("1000-4", "deployment", "production")});
  CHECK(watch.others().empty());
  CHECK(captured.text().empty());
  answer(watch, {entry("1000-4", "deployment", "production"),
                 entry("1000-5", "deployment", std::string(64, 'a')),
                 entry("1000-6", "deployment", "\xff")});
  CHECK(watch.others() == Names{std::string(64, 'a')});
}

TEST_CASE("of many other deployments some are kept") {
  DeploymentWatch watch{"production", "localhost:6379", "deployments"};
  std::vector<std::string> entries;
  for (int number = 199; number >= 100; --number) {
    entries.push_back(
        entry("1000-" + std::to_string(300 - number), "deployment", std::to_string(number)));
  }
  answer(watch, entries);
  CHECK(watch.others().size() == DeploymentWatch::others_max);
  CHECK(watch.others().front() == "100");
}

TEST_CASE("the stream of deployments is kept as long as what many gateways add in a minute") {
  DeploymentWatch watch{"production", "localhost:6379", "deployments"};
  const auto kept = [&watch] { return watch.questions().front().at(3); };
  CHECK(kept() == "10000");  // A new gateway cuts no entries of others.
  answer(watch, {entry("1000-0", "deployment", "production")});
  CHECK(kept() == "200");
  answer(watch, {300, entry("1000-0", "deployment", "production")});
  CHECK(kept() == "600");
  answer(watch, {6'000, entry("1000-0", "deployment", "production")});
  CHECK(kept() == "10000");
}

TEST_CASE("other deployments are forgotten on a new connection") {
  DeploymentWatch watch{"production", "localhost:6379", "deployments"};
  answer(watch, {entry("1000-0", "deployment", "staging")});
  REQUIRE(watch.others() == Names{"staging"});
  watch.on_connected("localhost:6379");
  CHECK(watch.others().empty());
}
