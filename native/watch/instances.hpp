#pragma once

#include <cstddef>
#include <list>
#include <optional>

#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/workflow/workflow.hpp>

namespace regstream::watch {

/// The views of all instances that moved since the watch began, folded from the stream of every
/// instance. That stream has no snapshots: of an instance that was moving already, stages that
/// ended before are not known.
class Instances {
 public:
  /// An instance, and its view before the change that was applied last.
  struct Moved {
    RegistrationView before;
    RegistrationView after;
  };

  /// Keeps `count_max` instances, at least 1, each with 64 stages at most: the one that has not
  /// moved for longest is dropped. `workflow` must outlive this.
  explicit Instances(const Workflow& workflow, std::size_t count_max = 200);

  /// Applies an update or a snapshot of the stream. Nothing: the message is another one, or says
  /// nothing new.
  [[nodiscard]] std::optional<Moved> apply(const StreamMessage& message);

  /// Updates may have been missed, of any instance.
  void mark_gap(Gap gap);

  /// The one that moved last comes first.
  [[nodiscard]] const std::list<Registration>& latest_first() const { return registrations_; }

  /// How many have moved; those that were dropped count again if they move again.
  [[nodiscard]] std::size_t moved_count() const { return moved_count_; }

 private:
  Registration& find_or_add(const RegistrationView& named);

  const Workflow& workflow_;
  const std::size_t count_max_;
  std::list<Registration> registrations_;
  std::size_t moved_count_ = 0;
};

}  // namespace regstream::watch
