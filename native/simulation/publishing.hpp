#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "simulation/cast.hpp"
#include "simulation/chance.hpp"

namespace regstream::simulation {

/// What is published, and when: by publishers under keys, and bare by somebody else.
class Publishing {
 public:
  /// The faulty part of the run ends when `run` has had so many steps.
  Publishing(Cast& cast, const World& run, std::uint64_t run_steps);

  /// Goes on until `end`, or until the plan's quiet part begins.
  void begin();
  void end() { is_over_ = true; }
  /// After these, views are equal whatever they knew before: an end, and another beginning.
  void publish_new_validation(std::uint64_t registration);

 private:
  /// What a publisher has published last.
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
  Chance repeats_;  // Of bare messages.
  Chance omissions_;
  Chance keys_;
  std::vector<Published> published_;
  std::string last_bare_;
  std::uint64_t texts_ = 0;
  std::int64_t settled_ = 0;
  bool is_over_ = false;
};

}  // namespace regstream::simulation
