#include "log/line_format.hpp"

#include <array>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "captured_log.hpp"
#include "log/log.hpp"

using namespace regstream;
using namespace regstream::logging;

namespace {

constexpr std::array fields{Field{"route", "/a/{id}"}, Field{"status", std::int64_t{200}},
                            Field{"seconds", 0.25}};

nlohmann::json object_of(const std::string& members) {
  return nlohmann::json::parse('{' + members + '}');
}

/// Puts back what a test has changed of the process's log.
struct Restored {
  ~Restored() {
    set_format(Format::text);
    set_names_workflows(false);
  }
};

constexpr Condition condition{"redis is away"};

}  // namespace

TEST_CASE("a line for people is its sentence followed by its fields") {
  CHECK(compose(Format::text, "request", "it works") == "it works");
  CHECK(compose(Format::text, "request", "request", fields) ==
        "request route=/a/{id} status=200 seconds=0.25");
}

TEST_CASE("a line in JSON has its event and its sentence and its typed fields") {
  CHECK(object_of(compose(Format::json, "request", "request", fields)) ==
        nlohmann::json{{"event", "request"},
                       {"message", "request"},
                       {"route", "/a/{id}"},
                       {"status", 200},
                       {"seconds", 0.25}});
}

TEST_CASE("text from others ends neither a line nor a string and moves no cursor") {
  const std::string hostile = "a\"b\\c\nd\x1b[2Je\xff\xe2\x80\xa8";
  const std::string shown = "a\"b\\c\\u000ad\\u001b[2Je\xef\xbf\xbd\\u2028";
  CHECK(compose(Format::text, "e", hostile) == shown);
  const std::string members = compose(Format::json, "e", hostile, std::array{Field{"f", hostile}});
  CHECK(members.find_first_of("\n\x1b") == std::string::npos);
  CHECK(object_of(members).at("message") == shown);
  CHECK(object_of(members).at("f") == shown);
}

TEST_CASE("JSON always names the workflow and text does if there are several") {
  const Restored restored;
  test::CapturedLog log;
  warn(condition.about("csv-import"), "redis has gone");
  set_names_workflows(true);
  forget_lines();
  warn(condition.about("csv-import"), "redis has gone");
  warn(condition, "redis has gone");
  CHECK(log.text() ==
        "warning: redis has gone\n"
        "warning: csv-import: redis has gone\n"
        "warning: redis has gone\n");
}

TEST_CASE("a line of one workflow does not hold back another's") {
  test::CapturedLog log;
  CHECK(warn(condition.about("one"), "redis has gone"));
  CHECK(warn(condition.about("other"), "redis has gone"));
  CHECK_FALSE(warn(condition.about("one"), "redis has gone"));
}

TEST_CASE("a line below the level is not written and holds none back") {
  test::CapturedLog log;
  set_level(Level::error);
  CHECK_FALSE(warn(condition, "redis has gone"));
  record("request", {{"status", std::int64_t{200}}});
  set_level(Level::info);
  CHECK(warn(condition, "redis has gone"));
  record("request", {{"status", std::int64_t{200}}});
  CHECK(log.text() == "warning: redis has gone\ninfo: request status=200\n");
}
