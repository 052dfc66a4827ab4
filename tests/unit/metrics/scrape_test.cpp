#include "metrics/scrape.hpp"

#include <array>
#include <cstdint>
#include <string>

#include <catch2/catch.hpp>

#include "metrics/process_metrics.hpp"
#include "metrics/registry.hpp"

using namespace regstream::metrics;

TEST_CASE("Values of one metric are grouped in whatever order they are added") {
  Registry registry;
  for (const char* const workflow : {"first", "second"}) {
    registry.add([workflow](Scrape& scrape) {
      scrape.add("regstream_deliveries_total", 1, {{"workflow", workflow}});
      scrape.add("regstream_streams", 2, {{"workflow", workflow}});
    });
  }
  CHECK(registry.text() ==
        "# HELP regstream_streams Streams that are open.\n"
        "# TYPE regstream_streams gauge\n"
        "regstream_streams{workflow=\"first\"} 2\n"
        "regstream_streams{workflow=\"second\"} 2\n"
        "# HELP regstream_deliveries_total Updates delivered to streams, once for each stream.\n"
        "# TYPE regstream_deliveries_total counter\n"
        "regstream_deliveries_total{workflow=\"first\"} 1\n"
        "regstream_deliveries_total{workflow=\"second\"} 1\n");
}

TEST_CASE("Large counts are whole numbers and a label's value can't end it") {
  Scrape scrape;
  scrape.add("regstream_deliveries_total", std::uint64_t{9'007'199'254'740'991},
             {{"workflow", "a\"b\\c\nd"}});
  CHECK(scrape.text().find("{workflow=\"a\\\"b\\\\c\\nd\"} 9007199254740991\n") !=
        std::string::npos);
}

TEST_CASE("A histogram's buckets add up") {
  Scrape scrape;
  constexpr std::array bounds{0.5, 1.0};
  constexpr std::array<std::uint64_t, 3> counts{2, 0, 1};
  scrape.add("regstream_delivery_seconds",
             {.bounds = bounds, .counts = counts, .sum_seconds = 7.25}, {{"workflow", "w"}});
  const std::string text = scrape.text();
  CHECK(text.find("_count{workflow=\"w\"} 3\n") != std::string::npos);
  CHECK(text.find("_sum{workflow=\"w\"} 7.25\n") != std::string::npos);
  CHECK(text.find("le=\"0.5\"} 2\n") != std::string::npos);
  CHECK(text.find("le=\"1\"} 2\n") != std::string::npos);
  CHECK(text.find("le=\"+Inf\"} 3\n") != std::string::npos);
}

TEST_CASE("The process reports its memory and time and descriptors") {
  Scrape scrape;
  collect_process(scrape);
  const std::string text = scrape.text();
  for (const char* const name : {"process_cpu_seconds_total ", "process_max_fds ",
                                 "process_open_fds ", "process_resident_memory_bytes "}) {
    CHECK(text.find(std::string("\n") + name) != std::string::npos);
  }
}
