#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "simulation/fault.hpp"

namespace regstream::simulation {

/// What a simulation must meet, besides its faults. A simulation in which one of these never
/// happens proves nothing about it.
enum class Situation : std::uint8_t {
  stream_resumed,
  stream_reset,
  snapshot_sent,
  reader_overrun,     ///< It fell behind the journal.
  malformed_passed,   ///< A message that is not an update had its place in the history.
  delivery_cut,       ///< At any byte.
  delivery_slowed,    ///< A slow reader took a part.
  buffer_filled,      ///< A gateway waited for a slow or silent reader.
  turn_used_up,       ///< A stream had so much to send that others had their turn first.
  dead_peer_dropped,  ///< Its acknowledgement never came.
  attempt_refused,    ///< By 503.
  attempt_failed,     ///< No gateway listened.
  silence_noticed,    ///< A client's watchdog.
  answer_timed_out,   ///< The same, before the response.
  wait_cut_short,     ///< A signal woke a client.
  timer_throttled,
  view_restored,  ///< A client began with the view that it had stored.
  gap_restored,   ///< It began with a gap that it had stored before it knew anything.
  page_followed,  ///< The history took several reads.
  history_trimmed,
  trimmed_while_away,    ///< Entries that a gateway had not read yet were gone.
  epoch_changed,         ///< A running gateway got another history.
  history_carried_over,  ///< Redis moved its entries to a new epoch.
  message_saved,         ///< A message with an id of a lost history entered the new one.
  bare_heard,
  bare_adopted,
  adoption_raced,          ///< Another gateway's offer was first.
  adoption_too_late,       ///< The history no longer reached back to the offer's cursor.
  hearing_paused,          ///< Too many messages waited, so a gateway stopped reading the channel.
  subscriber_cut,          ///< Redis's limit for what waits for it was reached.
  channel_left,            ///< It was too far behind, so the gateway gave it up.
  loss_recorded,           ///< An entry without a message recorded a loss.
  writes_lost,             ///< Acknowledged writes, when everything lost its power.
  restart_doubted,         ///< Redis may have lost writes, so a new history began.
  publish_repeated,        ///< Redis knew the key.
  batch_repeated,          ///< Redis knew the publisher's batch.
  updates_batched,         ///< One call carried several.
  publish_sent_again,      ///< Its acknowledgement was lost.
  publish_refused,         ///< Too many waited in the publisher.
  call_outlived_link,      ///< Redis ran a call that its sender had given up.
  registration_forgotten,  ///< A gateway knew too many, and forgot one.
  write_refused,           ///< Redis refused a publish for now.
  publish_out_of_order,    ///< It followed one that Redis refused.
  adoption_refused,
  probe_refused,
  script_unknown,         ///< Redis had forgotten it.
  read_refused,           ///< A read would have begun a history.
  event_skipped,          ///< It was too large for a client's parser.
  registration_recalled,  ///< A gateway had forgotten it, and found it in its journal.
  replica_refused,        ///< A replica refused a call that only a primary accepts.
  primary_found,          ///< A gateway that met a replica found the primary, and reconnected.
  message_refused,        ///< A message on the channel was not an update.
  message_forged,         ///< It had the id of another message.
  forgery_adopted,   ///< It had an id that was never given out, so it counts as a bare message.
  bare_repeated,     ///< The same text again, which enters as often as it was published.
  ids_changed,       ///< A client changed its ids.
  changes_gathered,  ///< Its ids changed several times within one attempt.
  snapshot_named,    ///< It requested a snapshot of a new id.
  name_repeated,     ///< It requested the same snapshot again.
  update_known,      ///< An update came after a snapshot that contained it.
  update_unwanted,   ///< An update of an id came that was not followed any more.
  other_passed_by,   ///< A gateway got a message of one workflow while it had streams of another.
  end_delivered,
  end_delivered_again,  ///< To a client that had the final update already.
  stream_stopped,       ///< With 204, because the client had the end.
  end_passed_over,      ///< An end's id was the cursor of a stream without `until=final`.
  token_renewed,        ///< A client replaced its stream before the token had expired.
  renewal_failed,       ///< It got no token for that yet.
  token_expired,        ///< A gateway ended a stream when its token expired.
  key_withdrawn,        ///< The same, because its token's key was withdrawn.
  rights_limited,       ///< A stream of all ids was limited to what its token allows.
  stream_held_back,     ///< A client found its stream held back, and polls.
  stream_tried,         ///< A polling client tried a stream again.
  replica_met,          ///< A process that looked for the primary reached a replica.
  sentinel_behind,      ///< It named a former primary.
  failover_followed,    ///< A process was told of another primary, and connected to it.
  failover_doubted,     ///< A new history began, because another server has it.
  replica_behind,       ///< A promoted replica lacked writes of its primary.
  replicas_missed,      ///< An update was not acknowledged, because replicas were slow or gone.
  branch_lost,          ///< Writes of a primary after another server was promoted.
};

inline constexpr std::size_t situations_count =
    static_cast<std::size_t>(Situation::branch_lost) + 1;

[[nodiscard]] std::string_view to_string(Situation situation);

/// How often everything happened, in one run or in many.
struct Coverage {
  std::array<std::uint64_t, faults_count> faults{};
  std::array<std::uint64_t, situations_count> situations{};

  void add(const Coverage& other);
  /// The names of what never happened. Empty: everything has.
  [[nodiscard]] std::string missing() const;
  /// All names with their counts, several on a line.
  [[nodiscard]] std::string table() const;
};

}  // namespace regstream::simulation
