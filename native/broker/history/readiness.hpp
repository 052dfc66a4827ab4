#pragma once

#include <optional>
#include <string>
#include <utility>

#include <regstream/broker/broker.hpp>
#include <regstream/time.hpp>

namespace regstream::broker {

/// Whether updates can be read and published, by the last attempts. Sans-I/O.
///
/// A process must prove both before it is ready. If nothing was published for a while, or one
/// publish was refused for a reason that may be its own, a probe is due to find out.
class Readiness {
 public:
  /// `unproved`: the reason to report before the first attempt.
  explicit Readiness(const std::string& unproved) : obstacles_{unproved, unproved} {}

  void on_read() { obstacles_.reading.clear(); }
  void on_reading_failed(std::string reason) { obstacles_.reading = std::move(reason); }

  void on_published(Instant now);
  void on_publishing_failed(std::string reason, Instant now);
  /// A publish was refused, perhaps for its contents: a probe is due at once.
  void on_publish_doubted() { probe_at_.reset(); }

  [[nodiscard]] bool is_probe_due(Instant now) const { return !probe_at_ || now >= *probe_at_; }
  /// When a probe is due if nothing is tried before. Empty: now.
  [[nodiscard]] std::optional<Instant> next_probe() const { return probe_at_; }
  /// A probe was sent. Its answer is `on_published` or `on_publishing_failed`.
  void on_probed(Instant now);

  [[nodiscard]] const Obstacles& obstacles() const { return obstacles_; }

  /// Publishing is proved at least this often.
  static constexpr Duration probe_interval{5'000};

 private:
  Obstacles obstacles_;
  std::optional<Instant> probe_at_;
};

}  // namespace regstream::broker
