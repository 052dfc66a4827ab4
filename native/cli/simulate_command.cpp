#include "cli/simulate_command.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"
#include "log/printable.hpp"
#include "simulation/report.hpp"
#include "simulation/simulation.hpp"

namespace regstream::cli {
namespace {

using simulation::report;
using simulation::SimulationOptions;
using simulation::SimulationResult;
using Clock = std::chrono::steady_clock;

struct SimulateOptions {
  std::uint64_t seed = 0;
  std::uint64_t seeds = 1;
  std::uint64_t seconds = 0;
  std::uint64_t steps = SimulationOptions{}.steps;
  std::string canary;
  std::string seed_file;
  std::size_t trace_lines = 60;
  bool coverage = false;
};

SimulationOptions options_for(const SimulateOptions& options, std::uint64_t seed) {
  return {.seed = seed,
          .steps = options.steps,
          .canary = simulation::parse_canary(options.canary),
          .trace_lines_max = 0};
}

/// Runs the seed again, with its trace, and prints that.
void print_failure(const SimulateOptions& options, std::uint64_t seed) {
  SimulationOptions again = options_for(options, seed);
  again.trace_lines_max = options.trace_lines;
  std::cout << report(again, simulate(again)) << std::flush;
}

std::optional<std::vector<std::uint64_t>> read_seeds(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    complain("simulate", "can't read " + path);
    return std::nullopt;
  }
  std::vector<std::uint64_t> seeds;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    if (std::uint64_t seed = 0; words >> seed) {
      seeds.push_back(seed);
    } else if (!line.empty() && line.front() != '#') {
      complain("simulate", "not a seed in " + path + ": " + quote_value(line));
      return std::nullopt;
    }
  }
  return seeds;
}

/// What the threads share: seeds and results.
struct Batch {
  std::vector<std::uint64_t> kept;  ///< These come first.
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::optional<Clock::time_point> end;

  std::atomic<std::uint64_t> next = 0;
  std::atomic<std::uint64_t> done = 0;
  std::atomic<std::uint64_t> steps = 0;
  std::atomic<std::uint64_t> updates = 0;
  std::atomic<std::uint64_t> resets = 0;
  std::atomic<std::int64_t> simulated_ms = 0;
  std::mutex mutex;
  simulation::Coverage coverage;
  std::optional<std::uint64_t> failing_number;  ///< The first failure, in the order of seeds.

  [[nodiscard]] std::uint64_t seed(std::uint64_t number) const {
    return number < kept.size() ? kept[number] : first + (number - kept.size());
  }
};

void work(const SimulateOptions& options, Batch& batch) {
  for (;;) {
    const std::uint64_t number = batch.next++;
    const bool is_kept = number < batch.kept.size();
    const bool is_due =
        batch.end ? Clock::now() < *batch.end : number < batch.kept.size() + batch.count;
    {
      const std::scoped_lock lock(batch.mutex);
      if ((!is_due && !is_kept) || batch.failing_number) {
        return;
      }
    }
    const SimulationResult result = simulate(options_for(options, batch.seed(number)));
    ++batch.done;
    batch.steps += result.steps;
    batch.updates += result.updates;
    batch.resets += result.resets;
    batch.simulated_ms += result.simulated_ms;
    const std::scoped_lock lock(batch.mutex);
    batch.coverage.add(result.coverage);
    if (result.violation) {
      batch.failing_number = std::min(batch.failing_number.value_or(number), number);
    }
  }
}

int run_one(const SimulateOptions& options) {
  const SimulationResult result = simulate(options_for(options, options.seed));
  if (result.violation) {
    print_failure(options, options.seed);
    return failure_code;
  }
  std::cout << report(options_for(options, options.seed), result) << std::flush;
  return 0;
}

int run(const SimulateOptions& options) {
  if (options.seeds == 1 && options.seconds == 0 && options.seed_file.empty()) {
    return run_one(options);
  }
  Batch batch;
  batch.first = options.seed;
  batch.count = options.seeds;
  const auto begin = Clock::now();
  if (options.seconds > 0) {
    batch.end = begin + std::chrono::seconds{options.seconds};
  }
  if (!options.seed_file.empty()) {
    auto kept = read_seeds(options.seed_file);
    if (!kept) {
      return usage_code;
    }
    batch.kept = std::move(*kept);
  }
  std::vector<std::thread> threads;
  for (unsigned count = std::max(std::thread::hardware_concurrency(), 1U); count > 0; --count) {
    threads.emplace_back([&options, &batch] { work(options, batch); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::cout << batch.done << " seeds, " << std::fixed << std::setprecision(1)
            << static_cast<double>(batch.done) / seconds << " a second; "
            << batch.simulated_ms / 3'600'000 << " simulated hours, " << batch.steps << " events, "
            << batch.updates << " updates heard, " << batch.resets << " resets" << std::endl;
  if (options.coverage) {
    std::cout << batch.coverage.table() << std::flush;
  }
  if (batch.failing_number) {
    print_failure(options, batch.seed(*batch.failing_number));
    return failure_code;
  }
  if (const std::string missing = batch.coverage.missing(); options.coverage && !missing.empty()) {
    std::cout << "these never happened, so the seeds prove nothing about them: " << missing
              << std::endl;
    return failure_code;
  }
  return 0;
}

}  // namespace

void add_simulate_command(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand("simulate",
                                           "Run gateways, clients and publishers on a simulated "
                                           "clock, network and Redis, and inject faults");
  const auto options = std::make_shared<SimulateOptions>();
  command
      ->add_option("--seed", options->seed,
                   "Seed of the run; with --seeds or --seconds, the first seed")
      ->capture_default_str();
  command->add_option("--seeds", options->seeds, "Number of seeds to run")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seconds", options->seconds,
                      "Run seeds for this many seconds, instead of a number of seeds");
  command
      ->add_option("--steps", options->steps, "Number of simulated events with faults in each run")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}))
      ->capture_default_str();
  command->add_option("--kept", options->seed_file, "FILE with seeds to run first, one a line");
  command->add_flag("--coverage", options->coverage,
                    "With several seeds: print how often each fault and situation happened, and "
                    "fail if one never did");
  command
      ->add_option("--trace", options->trace_lines,
                   "Number of trace lines to print for a failing run")
      ->capture_default_str();
  command
      ->add_option("--canary", options->canary,
                   "A mistake to plant on purpose; the run must find it")
      ->check([](const std::string& name) {
        return simulation::parse_canary(name)
                   ? std::string{}
                   : quote_value(name) +
                         " is not a canary; the canaries are: " + simulation::canary_names();
      });
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace regstream::cli
