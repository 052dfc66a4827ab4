#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>

#include <regstream/message/update.hpp>
#include <regstream/registration/registration.hpp>

#include "hub/frame.hpp"
#include "hub/journal.hpp"
#include "hub/standing.hpp"

namespace regstream::hub {

/// How much is remembered. When a limit is exceeded, the registrations that were not used for the
/// longest time are forgotten. When one is used again, it is rebuilt from what the journal holds of
/// it (`recall`). So a state is lost only when its messages have left the journal too.
struct KnownRegistrationsLimits {
  std::size_t count_max = 10'000;
  /// For the texts of all views, their encoded snapshots, and the updates kept for reordering.
  /// Messages of a megabyte are legal, and ten thousand of them would be 10 GB.
  std::size_t bytes_max = 64U << 20U;
};

/// The recent state of each registration, for subscribers that join late.
class KnownRegistrations {
 public:
  /// `workflow` must outlive this.
  explicit KnownRegistrations(const Workflow& workflow, KnownRegistrationsLimits limits = {})
      : workflow_(&workflow), limits_(limits) {}

  /// `number` is the registration's id, or the number of its text (`IdTable`).
  StandingChange apply(std::int64_t number, const Update& update);

  /// Rebuilds an unknown registration from what `journal` holds of it: a part of its state would
  /// look like the whole to a late subscriber. Call it before `apply` and `snapshot`.
  void recall(std::int64_t registration_id, const Journal& journal);

  /// For another history, and after a gap: the registrations may have moved on, and an outdated
  /// state is worse than none. The rest of the history is applied afterwards.
  void clear();

  /// Null: nothing is known. Valid until the next call of a non-const method.
  [[nodiscard]] const RegistrationView* find(std::int64_t registration_id) const;

  /// The registration's `snapshot`, as the continuation of an event that began with its `id`. It is
  /// encoded once and shared until the registration changes; its timestamp says when it was
  /// encoded. Null: nothing is known.
  [[nodiscard]] FramePtr snapshot(std::int64_t registration_id, std::int64_t now_timestamp_ms);

  /// `unknown` if nothing is known.
  [[nodiscard]] Standing standing(std::int64_t registration_id) const;
  /// The update that made the registration final, if it is final.
  [[nodiscard]] std::optional<EventId> final_update(std::int64_t registration_id) const;

  [[nodiscard]] std::size_t size() const { return by_id_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::int64_t number;
    Registration registration;
    FramePtr snapshot;  // Null until it is first needed.
    std::size_t bytes;
    std::optional<EventId> final_update = std::nullopt;
  };
  using Entries = std::list<Entry>;

  void count_front();

  const Workflow* workflow_;
  KnownRegistrationsLimits limits_;
  Entries entries_;  // The most recently used one comes first.
  std::unordered_map<std::int64_t, Entries::iterator> by_id_;
  std::size_t bytes_ = 0;
};

}  // namespace regstream::hub
