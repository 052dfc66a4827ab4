#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "simulation/cast.hpp"
#include "simulation/chance.hpp"

namespace regstream::simulation {

/// Publishes messages at random times: through publishers under keys, and bare ones as another
/// program would.
class Publishing {
 public:
  /// The faulty part ends when `run` has had `run_steps` steps.
  Publishing(Cast& cast, const World& run, std::uint64_t run_steps);

  /// Publishes until `end`, or until the plan's quiet part begins.
  void begin();
  void end() { is_over_ = true; }
  /// Publishes an end and a new beginning. After these, all views are equal, whatever they knew
  /// before.
  void publish_new_validation(std::uint64_t registration);

 private:
  /// A publisher's last publish.
  struct Published {
    Publication publication;
    std::uint64_t sender = 0;
    Instant time{};
  };

  [[nodiscard]] std::string make_text(std::uint64_t registration, std::int64_t timestamp_ms);
  [[nodiscard]] std::string without_stage_status(std::string text);
  void publish(std::uint64_t registration);
  void publish_bare(const std::string& text);
  void publish_new(std::size_t publisher, std::string text);
  void publish_again(std::size_t publisher);

  Cast& cast_;
  const World& run_;
  const std::uint64_t run_steps_;
  const Workflow& workflow_;
  Chance times_;
  Chance chance_;
  Chance repeats_;  // For bare messages.
  Chance omissions_;
  Chance keys_;
  std::vector<Published> published_;
  std::string last_bare_;
  std::uint64_t texts_ = 0;
  std::int64_t settled_ = 0;
  bool is_over_ = false;
};

}  // namespace regstream::simulation
