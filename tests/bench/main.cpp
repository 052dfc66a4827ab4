// Runs the benchmarks in turns, so that a busy spell of the machine meets them all, and prints of
// each the fastest run, which is the least disturbed one, and then the ratios that have a target.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace {

struct Target {
  const char* what;
  const char* ours;
  const char* peer;
  double at_least;
};

constexpr std::array<Target, 9> targets{{
    {"parser, views, 64 KiB chunks, of a memchr line scan", "views/65536", "line_scan/65536", 0.95},
    {"parser, views, 1 KiB chunks, of a memchr line scan", "views/1024", "line_scan/1024", 0.8},
    {"parser, owned strings, 64 KiB chunks, of a line-splitting parser", "owned/65536",
     "straightforward/65536", 12},
    {"journal, an update a turn, of plain inserts", "journal/1", "plain_inserts/1", 0.5},
    {"journal, 16 updates a turn, of plain inserts", "journal/16", "plain_inserts/16", 0.5},
    {"journal, 256 updates a turn, of plain inserts", "journal/256", "plain_inserts/256", 0.5},
    {"full journal, an update a turn, of plain inserts", "full_journal/1", "plain_inserts/1", 0.25},
    {"full journal, 16 updates a turn, of plain inserts", "full_journal/16", "plain_inserts/16",
     0.25},
    {"full journal, 256 updates a turn, of plain inserts", "full_journal/256", "plain_inserts/256",
     0.25},
}};

class FastestRuns : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) {
        continue;
      }
      double& nanoseconds = nanoseconds_
                                .try_emplace(run.run_name.function_name + '/' + run.run_name.args,
                                             std::numeric_limits<double>::infinity())
                                .first->second;
      nanoseconds = std::min(nanoseconds,
                             run.cpu_accumulated_time / static_cast<double>(run.iterations) * 1e9);
    }
  }

  void Finalize() override {
    for (const auto& [name, nanoseconds] : nanoseconds_) {
      std::printf("%-32s %12.0f ns\n", name.c_str(), nanoseconds);
    }
    for (const Target& target : targets) {
      const auto ours = nanoseconds_.find(target.ours);
      const auto peer = nanoseconds_.find(target.peer);
      if (ours != nanoseconds_.end() && peer != nanoseconds_.end()) {
        std::printf("%-68s %5.2f x (target %.2f)\n", target.what, peer->second / ours->second,
                    target.at_least);
      }
    }
  }

 private:
  std::map<std::string, double> nanoseconds_;
};

}  // namespace

int main(int argc, char** argv) {
  // Defaults; what the command line says comes later, and counts.
  std::string in_turns = "--benchmark_enable_random_interleaving=true";
  std::string repetitions = "--benchmark_repetitions=9";
  std::string seconds = "--benchmark_min_time=0.1";
  std::vector<char*> arguments{argv[0], in_turns.data(), repetitions.data(), seconds.data()};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) {
    return 1;
  }
  FastestRuns reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return 0;
}
