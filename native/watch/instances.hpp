#pragma once

#include <cstddef>
#include <list>
#include <optional>

#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/workflow/workflow.hpp>

namespace regstream::watch {

/// The views of all instances that changed since the watch began, folded from the stream of every
/// instance. That stream has no snapshots, so earlier stages of an instance that was in progress
/// are missing.
class Instances {
 public:
  /// An instance's view before and after a change.
  struct Moved {
    RegistrationView before;
    RegistrationView after;
  };

  /// Keeps at most `count_max` instances (at least 1), each with at most 64 stages, and drops the
  /// one that has not changed for the longest time. `workflow` must outlive this.
  explicit Instances(const Workflow& workflow, std::size_t count_max = 200);

  /// Applies an update or a snapshot. Nothing if the message is of another type, or changes
  /// nothing.
  [[nodiscard]] std::optional<Moved> apply(const StreamMessage& message);

  /// Updates of any instance may have been missed.
  void mark_gap(Gap gap);

  /// In the order of their last change, the latest first.
  [[nodiscard]] const std::list<Registration>& latest_first() const { return registrations_; }

  /// How many instances have changed. One that was dropped counts again when it changes again.
  [[nodiscard]] std::size_t moved_count() const { return moved_count_; }

 private:
  Registration& find_or_add(const RegistrationView& named);

  const Workflow& workflow_;
  const std::size_t count_max_;
  std::list<Registration> registrations_;
  std::size_t moved_count_ = 0;
};

}  // namespace regstream::watch
