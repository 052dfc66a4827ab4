#include "metrics/catalog.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

using namespace regstream::metrics;

namespace {

std::string_view text_of(Kind kind) {
  constexpr std::string_view texts[] = {"counter", "gauge", "histogram"};
  return texts[static_cast<std::size_t>(kind)];
}

std::string row_of(const Definition& definition) {
  std::string labels;
  for (const std::string_view label : definition.labels) {
    if (!label.empty()) {
      labels.append(labels.empty() ? "" : ", ").append("`").append(label).append("`");
    }
  }
  std::string row = "| `";
  row.append(definition.name).append("` | ").append(text_of(definition.kind)).append(" | ");
  return row.append(labels).append(labels.empty() ? "| " : " | ").append(definition.help) + " |\n";
}

}  // namespace

TEST_CASE("Names and labels and help follow Prometheus's conventions") {
  const std::set<std::string_view> bounded = {"workflow", "reason",  "cause",
                                              "status",   "version", "broker"};
  std::set<std::string_view> names;
  for (const Definition& definition : catalog) {
    CAPTURE(definition.name);
    CHECK(names.insert(definition.name).second);
    CHECK(definition.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") ==
          std::string_view::npos);
    CHECK((definition.name.starts_with("regstream_") || definition.name.starts_with("process_")));
    CHECK(definition.name.ends_with("_total") == (definition.kind == Kind::counter));
    CHECK((definition.kind != Kind::histogram || definition.name.ends_with("_seconds")));
    CHECK(definition.help.find_first_of("\\\n|") == std::string_view::npos);
    CHECK(definition.help.ends_with('.'));
    for (const std::string_view label : definition.labels) {
      CHECK((label.empty() || bounded.contains(label)));
    }
  }
}

TEST_CASE("The documentation has the same table") {
  std::string table = "| metric | kind | labels | meaning |\n| --- | --- | --- | --- |\n";
  for (const Definition& definition : catalog) {
    table += row_of(definition);
  }
  std::ifstream file(REGSTREAM_DOCS "/metrics.md");
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  INFO("docs/metrics.md has to have this table:\n" << table);
  CHECK(document.find("\n\n" + table + "\n") != std::string::npos);
}
