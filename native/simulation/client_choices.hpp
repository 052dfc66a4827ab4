#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <regstream/time.hpp>

#include "simulation/chance.hpp"

namespace regstream::simulation {

/// How a client continues after its stream has ended with the final status.
enum class Return : std::uint8_t {
  with_end,  ///< With the end's id: nothing more will come.
  /// With the final update's id, as if the end had been lost.
  without_end,
  for_more,  ///< With that id, but without `until=final`.
  anew,      ///< Without a cursor: it waits for the end of another run.
};

/// Draws which ids a client of the guest workflow follows, when it changes them, and how it returns
/// after an end. Has random numbers of its own.
class ClientChoices {
 public:
  ClientChoices(std::uint64_t seed, std::size_t client, std::uint64_t registrations);

  /// The ids in ascending order; none: all.
  [[nodiscard]] const std::vector<std::int64_t>& ids() const { return ids_; }
  [[nodiscard]] bool until_final() const { return until_final_; }
  [[nodiscard]] bool changes_ids() const { return changes_ids_; }

  /// The time until the next change: within one frame of a display, or much longer.
  [[nodiscard]] Duration next_change();
  /// Draws other ids, at least one.
  const std::vector<std::int64_t>& change_ids();

  [[nodiscard]] Duration next_return();
  [[nodiscard]] Return choose_return();

 private:
  Chance chance_;
  std::uint64_t registrations_;
  bool until_final_ = false;
  bool changes_ids_ = false;
  std::vector<std::int64_t> ids_;
};

}  // namespace regstream::simulation
