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

/// How much may be remembered. Whichever limit is reached first, the registrations that nobody has
/// spoken of or asked for the longest are forgotten. When somebody does again, they are folded anew
/// from what the journal holds of them (`recall`), so only what has left that as well is lost.
struct KnownRegistrationsLimits {
  std::size_t count_max = 10'000;
  /// Texts of all views together, their encoded snapshots, and the updates kept to be put in order;
  /// messages of a megabyte are legal, and ten thousand would be 10 GB.
  std::size_t bytes_max = 64U << 20U;
};

/// What has been heard of each registration lately, for those who join late.
class KnownRegistrations {
 public:
  /// `workflow` must outlive this.
  explicit KnownRegistrations(const Workflow& workflow, KnownRegistrationsLimits limits = {})
      : workflow_(&workflow), limits_(limits) {}

  /// `number` is the registration's, or the one that stands for its text (`IdTable`).
  StandingChange apply(std::int64_t number, const Update& update);

  /// Takes in what `journal` holds of a registration that is not known: for who joins late a part
  /// would look like the whole. Call it before `apply` and `snapshot`.
  void recall(std::int64_t registration_id, const Journal& journal);

  /// For another history, and for one of which a part was missed: a registration may have moved on
  /// in that, and a state that is no longer true is worse than none. What the rest of the history
  /// says of it is applied anew.
  void clear();

  /// Null: nothing is known. Holds until the next call of a method that is not const.
  [[nodiscard]] const RegistrationView* find(std::int64_t registration_id) const;

  /// The registration's `snapshot` as the continuation of an event that began with its `id`:
  /// encoded once, and shared until the registration changes. Its timestamp says when that was.
  /// Null: nothing is known.
  [[nodiscard]] FramePtr snapshot(std::int64_t registration_id, std::int64_t now_timestamp_ms);

  /// `unknown` if nothing is known.
  [[nodiscard]] Standing standing(std::int64_t registration_id) const;
  /// The update that the registration is final by, where it is final.
  [[nodiscard]] std::optional<EventId> final_update(std::int64_t registration_id) const;

  [[nodiscard]] std::size_t size() const { return by_id_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::int64_t number;
    Registration registration;
    FramePtr snapshot;  // Null until somebody asks.
    std::size_t bytes;
    std::optional<EventId> final_update = std::nullopt;
  };
  using Entries = std::list<Entry>;

  void count_front();

  const Workflow* workflow_;
  KnownRegistrationsLimits limits_;
  Entries entries_;  // The one heard of or asked for last comes first.
  std::unordered_map<std::int64_t, Entries::iterator> by_id_;
  std::size_t bytes_ = 0;
};

}  // namespace regstream::hub
