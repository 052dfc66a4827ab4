#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <regstream/workflow/workflow.hpp>

#include "hub/frame.hpp"
#include "hub/lease.hpp"

namespace regstream::hub {

/// How many ids one stream may follow: a page shows as many rows. More are for another stream.
inline constexpr std::size_t ids_of_stream_max = 100;

/// What a subscriber asks for.
struct SubscriptionRequest {
  /// Whose updates, each id once however often it stands here. None: everybody's.
  std::vector<InstanceId> ids = {};
  /// The id of the last event that the subscriber has; empty: it has none, and joins now. The id of
  /// an `end` counts as that of the update which it follows.
  std::string cursor = {};
  /// Those of `ids` that the subscriber knows nothing of: they get a snapshot before the others
  /// resume. Without a cursor all of them get one anyway.
  std::vector<InstanceId> snapshots = {};
  /// The stream ends with the first final update. For one id only.
  bool until_final = false;
  /// It is a poll: the stream ends as soon as it has told something, or after
  /// `HubOptions::poll_longest`.
  bool is_poll = false;
  Framing framing = Framing::bare;
  /// How long the stream may go on. Nothing: for as long as its reader likes.
  std::optional<Lease> lease = {};
};

}  // namespace regstream::hub
