#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <regstream/workflow/workflow.hpp>

#include "hub/frame.hpp"
#include "hub/lease.hpp"

namespace regstream::hub {

/// How many ids one stream may follow: about as many rows as a page shows. More need another
/// stream.
inline constexpr std::size_t ids_of_stream_max = 100;

/// What a subscriber asks for.
struct SubscriptionRequest {
  /// The ids whose updates are wanted; duplicates count once. Empty: everyone's.
  std::vector<InstanceId> ids = {};
  /// The id of the last event that the subscriber has. Empty: it has none, and joins now. The id of
  /// an `end` counts as the id of the final update before it.
  std::string cursor = {};
  /// Those of `ids` that the subscriber knows nothing of: they get a snapshot before the others
  /// resume. Without a cursor all ids get one anyway.
  std::vector<InstanceId> snapshots = {};
  /// The stream ends with the first final update. For one id only.
  bool until_final = false;
  /// The stream is a poll: it ends as soon as it has an answer, or after
  /// `HubOptions::poll_longest`.
  bool is_poll = false;
  Framing framing = Framing::bare;
  /// How long the stream may stay open. Empty: as long as its reader likes.
  std::optional<Lease> lease = {};
};

}  // namespace regstream::hub
