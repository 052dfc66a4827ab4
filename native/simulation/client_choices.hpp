#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <regstream/time.hpp>

#include "simulation/chance.hpp"

namespace regstream::simulation {

/// How a client goes on once its stream has ended with the final status.
enum class Return : std::uint8_t {
  with_end,  ///< With the end's id: there is nothing more for it.
  /// With the final update's id: the end was lost on its way.
  without_end,
  for_more,  ///< With that id, but not until the final status.
  anew,      ///< It knows nothing, and waits for another run's end.
};

/// What a client of the guest's follows, and when it changes that. Draws from numbers of its own.
class ClientChoices {
 public:
  ClientChoices(std::uint64_t seed, std::size_t client, std::uint64_t registrations);

  /// The ids in order; none: all.
  [[nodiscard]] const std::vector<std::int64_t>& ids() const { return ids_; }
  [[nodiscard]] bool until_final() const { return until_final_; }
  [[nodiscard]] bool changes_ids() const { return changes_ids_; }

  /// Until the next change: within the same frame of a display, or much later.
  [[nodiscard]] Duration next_change();
  /// Other ids, one at least.
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
