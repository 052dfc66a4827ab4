#include <string>
#include <utility>

#include <regstream/message/codec.hpp>

#include "hub/cursor.hpp"
#include "hub/hub.hpp"
#include "hub/message_event.hpp"

// What one subscription is sent: where it stands, what it missed, what has happened, and the end.
namespace regstream::hub {

void Hub::send_connected(Slot slot, std::optional<EventId> cursor, std::int64_t now_timestamp_ms) {
  Subscription& subscription = slots_[slot];
  EventId connected = before_all_histories;
  Snapshots snapshots;
  std::optional<EventId> final_update;
  if (!cursor) {
    subscription.has_answer = true;
    subscription.following.want_all_snapshots();
    snapshots.next = take_snapshot(subscription.following, now_timestamp_ms);
    snapshots.last_id = journal_.position();
    if (!snapshots.next) {
      connected = journal_.position();
    }
  } else if (!journal_.can_resume_after(*cursor)) {
    subscription.reset_due = cause_of(*cursor);
  } else if (const Journal::StandingAt at = standing_at(subscription, *cursor);
             at.standing == Standing::unknown) {
    subscription.reset_due = ResetCause::cursor_too_old;
  } else {
    ++counters_.resumed;
    connected = *cursor;
    subscription.following.resume_after(journal_, cursor->sequence);
    snapshots = {.next = take_snapshot(subscription.following, now_timestamp_ms),
                 .id = *cursor,
                 .last_id = *cursor};
    if (at.standing == Standing::final) {
      final_update = {.epoch = cursor->epoch, .sequence = at.final_update};
    }
  }

  std::string bytes;
  append_message(bytes, encode_connected(now_timestamp_ms), connected);
  subscription.outbox.push(make_frame(std::move(bytes)));
  if (snapshots.next) {
    begin_snapshots(subscription, snapshots, now_timestamp_ms);
  }
  if (final_update) {
    push_end(subscription, *final_update, now_timestamp_ms);
  }
  subscription.has_connected = true;
  mark_ready(slot);
}

// How the id of an `until_final` stream stood at a cursor that can be resumed after.
Journal::StandingAt Hub::standing_at(const Subscription& subscription, EventId cursor) {
  Journal::StandingAt at{.standing = Standing::open};
  if (!subscription.until_final || subscription.following.wants_snapshots()) {
    return at;  // What came before the cursor does not end it.
  }
  const std::int64_t id = subscription.following.id();
  known_.recall(id, journal_);
  if (journal_.has_any_of(id)) {
    at = journal_.standing_at(cursor.sequence, id);
  } else if (const Standing known = known_.standing(id);
             known != Standing::unknown || !journal_.is_whole()) {
    at.standing = known;
  }
  if (at.standing == Standing::final && at.final_update == 0) {
    const std::optional<EventId> known = known_.final_update(id);
    if (known && known->sequence <= cursor.sequence) {
      at.final_update = known->sequence;
    } else {
      at.standing = Standing::unknown;  // It has ended, but nothing tells by which update.
    }
  }
  return at;
}

// The next wanted snapshot. Null: nothing is known of the ids that are left.
FramePtr Hub::take_snapshot(Following& following, std::int64_t now_timestamp_ms) {
  while (const std::optional<std::int64_t> id = following.take_wanted()) {
    known_.recall(*id, journal_);
    if (FramePtr snapshot = known_.snapshot(*id, now_timestamp_ms)) {
      following.skip(*id);  // The snapshot covers its messages.
      return snapshot;
    }
  }
  return nullptr;
}

void Hub::begin_snapshots(Subscription& subscription, const Snapshots& snapshots,
                          std::int64_t now_timestamp_ms) {
  if (subscription.following.wants_snapshots()) {
    subscription.snapshots = std::make_unique<Snapshots>(snapshots);
    return;
  }
  push_snapshot(subscription, snapshots.next, snapshots.last_id);
  // A requested snapshot (`snapshots`) leaves the cursor where it is. So the poll goes on with
  // updates: a client that can't read the snapshot would otherwise never get to them.
  subscription.has_answer |= subscription.following.next() == 0;
  if (subscription.until_final) {
    if (const auto final_update = known_.final_update(subscription.following.id())) {
      push_end(subscription, *final_update, now_timestamp_ms);
    }
  }
}

void Hub::push_next_snapshot(Subscription& subscription, std::int64_t now_timestamp_ms) {
  Snapshots& snapshots = *subscription.snapshots;
  FramePtr behind = take_snapshot(subscription.following, now_timestamp_ms);
  push_snapshot(subscription, snapshots.next, behind ? snapshots.id : snapshots.last_id);
  if (behind) {
    snapshots.next = std::move(behind);
  } else {
    subscription.snapshots.reset();
    subscription.has_answer |= subscription.following.next() == 0;
  }
}

// The snapshot is shared, but its id differs from stream to stream: so the id is a frame of its
// own.
void Hub::push_snapshot(Subscription& subscription, const FramePtr& snapshot, EventId id) {
  std::string line;
  append_id_line(line, id);
  subscription.outbox.push(make_first_frame(std::move(line), *snapshot));
  subscription.outbox.push(snapshot);
  ++counters_.snapshots;
}

void Hub::push_reset(Subscription& subscription, std::int64_t now_timestamp_ms) {
  Following& following = subscription.following;
  subscription.snapshots.reset();
  following.want_all_snapshots();
  const Snapshots snapshots{.next = take_snapshot(following, now_timestamp_ms),
                            .last_id = journal_.position()};
  EventId id = before_all_histories;
  if (snapshots.next) {
    following.skip_all();
  } else {
    id = journal_.position();
    if (following.next() != 0) {
      id.sequence = following.next() - 1;
    }
  }
  std::string bytes;
  append_message(bytes, encode_reset(now_timestamp_ms), id);
  subscription.outbox.push(make_frame(std::move(bytes)));
  subscription.has_answer = true;
  counters_.resets.add(*subscription.reset_due);
  subscription.reset_due.reset();
  if (snapshots.next) {
    begin_snapshots(subscription, snapshots, now_timestamp_ms);
  }
}

void Hub::push_end(Subscription& subscription, EventId final_update,
                   std::int64_t now_timestamp_ms) {
  std::string bytes;
  append_end(bytes, final_update, now_timestamp_ms);
  subscription.outbox.push(make_frame(std::move(bytes)));
  subscription.outbox.finish(StreamEnd::final_update);
  subscription.following.skip_all();
  ++counters_.ended;
}

// Whether something is left for it. Call it in a live history only.
bool Hub::has_more(const Subscription& subscription) {
  return subscription.following.next() != 0 || subscription.reset_due || subscription.snapshots;
}

}  // namespace regstream::hub
