#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "simulation/fault.hpp"

namespace regstream::simulation {

/// What makes a run worth running, besides its faults. A simulation in which one of these never
/// happens proves nothing about it.
enum class Situation : std::uint8_t {
  stream_resumed,
  stream_reset,
  snapshot_told,
  reader_overrun,     ///< It fell behind the journal.
  malformed_passed,   ///< A message that is no update had its place in the history.
  delivery_cut,       ///< At any byte.
  delivery_slowed,    ///< A slow reader took a part.
  buffer_filled,      ///< A gateway had to wait for a slow or silent reader.
  turn_used_up,       ///< A stream was sent so much that others had their turn.
  dead_peer_dropped,  ///< Its acknowledgement never came.
  attempt_refused,    ///< By 503.
  attempt_failed,     ///< Nobody listened there.
  silence_noticed,    ///< A client's watchdog.
  answer_timed_out,   ///< The same before there was a stream.
  wait_cut_short,     ///< A client was woken.
  timer_throttled,
  view_restored,  ///< A client began with the view that it had stored.
  gap_restored,   ///< It began with a gap, stored before it knew anything.
  page_followed,  ///< The history took several reads.
  history_trimmed,
  trimmed_while_away,    ///< What a gateway had yet to read was gone.
  epoch_changed,         ///< A gateway that runs was told another history.
  history_carried_over,  ///< Redis gave what it still had to a new epoch.
  message_saved,         ///< It bore an id of a history that was lost.
  bare_heard,
  bare_adopted,
  adoption_raced,          ///< Somebody else's offer was first.
  adoption_too_late,       ///< The history no longer reached back to the offer's cursor.
  hearing_paused,          ///< Too many waited: a gateway left the channel unread.
  subscriber_cut,          ///< Redis did not hold more for it.
  channel_left,            ///< It was too far behind.
  loss_told,               ///< By an entry without a message.
  writes_lost,             ///< Acknowledged ones, when everything lost its power.
  restart_doubted,         ///< Redis may have lost some: the history began anew.
  publish_repeated,        ///< Redis knew the key.
  batch_repeated,          ///< Redis knew the publisher's batch.
  updates_batched,         ///< Several went out as one call.
  publish_sent_again,      ///< Its acknowledgement was lost.
  publish_refused,         ///< Too many waited.
  call_outlived_link,      ///< Carried out in Redis when its sender had given it up.
  registration_forgotten,  ///< A gateway knew too many.
  write_refused,           ///< A publish, for now.
  publish_out_of_order,    ///< It was sent behind one that Redis refused.
  adoption_refused,
  probe_refused,
  script_unknown,         ///< Redis had forgotten it.
  read_refused,           ///< It would have begun a history.
  event_skipped,          ///< Too large for a client's parser.
  registration_recalled,  ///< A gateway had forgotten it, and found it in its journal.
  replica_refused,        ///< A call that only the primary takes.
  primary_found,          ///< By a gateway that met a replica: it connects anew.
  message_refused,        ///< A message on the channel was none.
  message_forged,         ///< It had the id of another one.
  forgery_adopted,        ///< It had an id that was never given: it is as bare as any.
  bare_repeated,          ///< The same text again: it enters as often as it was published.
  ids_changed,            ///< A client follows others than before.
  changes_gathered,       ///< Several times within one attempt.
  snapshot_named,         ///< It asks for a snapshot of what is new.
  name_repeated,          ///< That was asked for before.
  update_known,           ///< It came behind a snapshot that had it.
  update_unwanted,        ///< It came when its id was not followed any more.
  other_passed_by,        ///< A gateway told of one workflow beside streams of another.
  end_told,
  end_told_again,     ///< To a client that had the final update.
  stream_stopped,     ///< By 204: its client had the end.
  end_passed_over,    ///< Its id was the cursor of a stream without an end.
  token_renewed,      ///< A client replaced its stream before the token had expired.
  renewal_failed,     ///< It got no token for that, for now.
  token_expired,      ///< A gateway ended a stream.
  key_withdrawn,      ///< The same, since its token's key counts no more.
  rights_limited,     ///< A stream of all became one of what its token allows.
  stream_held_back,   ///< A client polls from then on.
  stream_tried,       ///< It tried a stream again.
  replica_met,        ///< By who was told that it is the primary.
  sentinel_behind,    ///< It named a primary that was one no longer.
  failover_followed,  ///< A process was told of another primary, and went there.
  failover_doubted,   ///< A history began anew, since another server has it.
  replica_behind,     ///< It was promoted, and lacked what its primary had taken.
  replicas_missed,    ///< An update was not acknowledged, since replicas were slow or gone.
  branch_lost,        ///< What a primary had taken after another one was promoted.
};

inline constexpr std::size_t situations_count =
    static_cast<std::size_t>(Situation::branch_lost) + 1;

[[nodiscard]] std::string_view to_string(Situation situation);

/// How often everything happened, in one run or in many.
struct Coverage {
  std::array<std::uint64_t, faults_count> faults{};
  std::array<std::uint64_t, situations_count> situations{};

  void add(const Coverage& other);
  /// What never happened, by name. Empty: all has.
  [[nodiscard]] std::string missing() const;
  /// Everything with its count, several on a line.
  [[nodiscard]] std::string table() const;
};

}  // namespace regstream::simulation
