#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "configuration/nearest_name.hpp"

using regstream::configuration::suggest_name;

namespace {

const std::vector<std::string> names{"port", "address", "history-hours", "history-length", "redis"};

}  // namespace

TEST_CASE("the nearest name is suggested") {
  CHECK(suggest_name("prot", names) == "; did you mean port?");
  CHECK(suggest_name("adress", names) == "; did you mean address?");
  CHECK(suggest_name("history_hours", names) == "; did you mean history-hours?");
  CHECK(suggest_name("history-lenght", names) == "; did you mean history-length?");
  CHECK(suggest_name("redsi", names) == "; did you mean redis?");
}

TEST_CASE("a name that is not near to any other gets no suggestion") {
  CHECK(suggest_name("colour", names).empty());
  CHECK(suggest_name("", names).empty());
  CHECK(suggest_name("port", {}).empty());
  CHECK(suggest_name(std::string(65, 'p'), {std::string(64, 'p')}).empty());
  CHECK(suggest_name("port", {std::string(65, 'p')}).empty());
}
