#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <regstream/message/codec.hpp>
#include <regstream/message/event_id.hpp>
#include <regstream/random.hpp>
#include <regstream/time.hpp>

#include "hub/delay_histogram.hpp"
#include "hub/frame.hpp"
#include "hub/hub.hpp"
#include "hub/moment.hpp"
#include "hub/outbox.hpp"
#include "hub/stream_count.hpp"
#include "hub/stream_end.hpp"

namespace regstream::hub {

struct StreamPumpOptions {
  HubOptions hub = {};
  /// Counts this pump's streams. Pumps that share a count, as copies of these options do, have that
  /// many streams together. Not null.
  std::shared_ptr<StreamCount> streams = std::make_shared<StreamCount>();
  /// Messages that arrive in one turn of the loop are sent at the end of the turn, in one write per
  /// stream. After more bytes than this they are sent at once: readers begin to receive a long
  /// burst while the rest of it is still arriving.
  std::size_t unflushed_bytes_max = 64U << 10U;
  /// How many bytes one stream is sent before others have their turn: a replay may be as large as
  /// the journal.
  std::size_t turn_bytes_max = 1U << 20U;
  /// How much all streams together are sent in one turn of the loop, before others on the loop have
  /// theirs. The bytes may be exceeded by one stream's turn. The number of streams is limited as
  /// well, since each costs a system call. This takes less than half a millisecond; the rest
  /// follows in the next turns. A bare message is received, adopted and delivered in three turns,
  /// and may have to wait for a slice before each of them.
  std::size_t slice_bytes_max = 1U << 20U;
  std::size_t slice_streams_max = 64;
  /// At a shutdown, clients come back within this time, a millisecond for each stream: a single
  /// client at once, ten thousand no faster than a gateway can accept them.
  Duration return_spread_max{10'000};
  /// Spreads that return. Differs between processes.
  std::uint64_t seed = 0;
};

/// What a socket did with an outbox.
enum class Written : std::uint8_t {
  everything,
  waiting,  ///< The socket is full; `StreamPump::on_writable` will come.
  failed,   ///< The peer has gone.
};

/// The sockets of the open streams, by subscription. None calls the pump, except that `write` may
/// call `on_peer_closed`.
template <typename Sockets>
concept StreamSockets = requires(Sockets& sockets, SubscriptionId id, Outbox& outbox, StreamEnd end,
                                 std::string_view error) {
  /// Sends as much of the outbox as there is room for, and consumes it. If the socket is already
  /// full: does nothing, and returns `waiting`. May throw, which ends the stream.
  { sockets.write(id, outbox) } -> std::same_as<Written>;
  /// Others have their turn first: `on_writable` will come after theirs.
  sockets.write_later(id);
  /// The stream has ended: its outbox was sent completely, or it failed. `error` is the text of the
  /// exception, if there was one. Must not throw.
  sockets.close(id, end, error);
};

/// Why a new stream is refused.
enum class StreamRefusal : std::uint8_t {
  draining,
  full,
  ended,  ///< It would end with the final update, and its client already has that end: status 204.
};
/// How long a refused client should wait before it retries.
inline constexpr std::chrono::seconds refusal_retry_after{1};

/// Call `on_flush_due` at the end of the loop's turn.
struct ScheduleFlush {};
/// Call `flush`.
struct Flush {};
/// Call `on_deadline` then. Replaces the previous deadline.
struct SetDeadline {
  Instant deadline;
};
/// Ask the broker to catch up; `on_caught_up` is the answer.
struct CatchUp {};
/// The last stream of a drain has ended.
struct Drained {};

using StreamPumpAction = std::variant<ScheduleFlush, Flush, SetDeadline, CatchUp, Drained>;

/// Moves messages from a hub to the sockets of its streams. Decides when to write, how much at
/// once, when to look at the time, and when a stream ends. No sockets, no clock.
///
/// Inputs come with their time. After each input, also after one that threw, poll and perform each
/// action until there are no more. An exception while one stream is served ends that stream, and no
/// other.
class StreamPump {
 public:
  explicit StreamPump(StreamPumpOptions options = {});

  // Events of the history, from the broker; see `Hub`.
  /// Returns how many streams will get a reset.
  std::size_t on_history(EventId position) { return hub_.begin_history(position); }
  std::optional<DecodeError> on_message(EventId id, std::string_view message, const Moment& moment);
  void on_live(const Moment& moment);
  void on_caught_up(const Moment& moment);

  /// A place for a new stream, to keep until its socket closes; or why the stream is refused. Call
  /// it once before `open`: refused streams are counted.
  [[nodiscard]] std::variant<StreamPlace, StreamRefusal> admit(const SubscriptionRequest& request);
  /// Opens a stream (`Hub::subscribe`). Its socket must exist when the next action is performed. If
  /// it never will, call `on_peer_closed`.
  [[nodiscard]] SubscriptionId open(const SubscriptionRequest& request, const Moment& moment);
  /// The socket has room again, or it is the stream's turn again. An id that identifies nothing is
  /// ignored.
  template <StreamSockets Sockets>
  void on_writable(SubscriptionId id, const Moment& moment, Sockets& sockets) {
    hub_.handle_leases(moment.now, moment.timestamp_ms);
    write(id, moment, sockets);
  }
  /// The stream ends; the caller closes its socket. An id that identifies nothing is ignored.
  void on_peer_closed(SubscriptionId id) { end(id); }

  /// Ends every stream that a token of this key opened (`Lease::key`). Returns how many.
  std::size_t withdraw(std::uint64_t key, const Moment& moment);

  /// Refuses new streams from now on: a drain will follow.
  void refuse_new() { refuses_new_ = true; }
  /// Refuses new streams, and ends the open ones in good order, spread over `return_spread_max`.
  /// Each stays open until its turn. After `within`, the rest end too, and are told to reconnect at
  /// their turn. Returns how long it takes until the last one is ended. `Drained` follows later: a
  /// peer that does not read may keep its stream for as long as it likes.
  Duration drain(Duration within, const Moment& moment);

  /// The deadline of `SetDeadline` has passed. A late call is normal.
  void on_deadline(const Moment& moment);
  /// The timer could not be set: the next flush asks for it again.
  void on_deadline_lost() { armed_.reset(); }
  /// The turn of the loop ends.
  void on_flush_due();

  /// Writes new messages to the streams that have room, in order, until this turn's slice is used
  /// up. The others follow in the next turns.
  template <StreamSockets Sockets>
  void flush(const Moment& moment, Sockets& sockets) {
    unflushed_bytes_ = 0;
    hub_.handle_leases(moment.now, moment.timestamp_ms);
    while (has_slice()) {
      const auto ready = hub_.poll();
      if (!ready) {
        break;
      }
      const std::uint64_t written = written_bytes_;
      write(*ready, moment, sockets);
      slice_bytes_ += written_bytes_ - written;
      ++slice_streams_;
    }
    after_flush(moment.now);
  }

  /// `flush` has returned. Feeds `delays`; optional.
  void on_flushed(const Moment& moment);

  [[nodiscard]] std::optional<StreamPumpAction> poll();

  [[nodiscard]] const Hub& hub() const { return hub_; }
  /// New streams are refused for good.
  [[nodiscard]] bool is_draining() const { return refuses_new_; }
  [[nodiscard]] std::size_t streams_max() const { return options_.streams->max(); }
  /// Streams refused because the maximum was open.
  [[nodiscard]] std::uint64_t streams_refused() const { return streams_refused_; }
  /// Streams refused because of a drain.
  [[nodiscard]] std::uint64_t streams_refused_draining() const { return streams_refused_draining_; }
  /// Bytes that sockets accepted from outboxes.
  [[nodiscard]] std::uint64_t written_bytes() const { return written_bytes_; }
  /// One delay for each burst of new updates: from its first update until the pump has written to
  /// each stream that had room for it, however many turns that takes. Bursts that concern no stream
  /// have none.
  struct Delays {
    DelayHistogram since_heard;
    /// By the publisher's clock. Only delays below a day count: larger ones come from another kind
    /// of clock.
    DelayHistogram since_published;
  };
  [[nodiscard]] const Delays& delays() const { return delays_; }
  /// When the last new message arrived, and when a socket last accepted one.
  [[nodiscard]] std::optional<std::int64_t> published_timestamp_ms() const {
    return published_timestamp_ms_;
  }
  [[nodiscard]] std::optional<std::int64_t> delivered_timestamp_ms() const {
    return delivered_timestamp_ms_;
  }

 private:
  template <StreamSockets Sockets>
  void write(SubscriptionId id, const Moment& moment, Sockets& sockets) {
    try {
      if (const auto over = write_turn(id, moment, sockets); over && end(id)) {
        sockets.close(id, *over, {});
      }
    } catch (const std::exception& error) {
      if (end(id)) {
        sockets.close(id, StreamEnd::failed, error.what());
      }
    }
  }

  /// Why the stream is to end, if it is.
  template <StreamSockets Sockets>
  [[nodiscard]] std::optional<StreamEnd> write_turn(SubscriptionId id, const Moment& moment,
                                                    Sockets& sockets) {
    for (std::size_t turn_bytes = 0; turn_bytes < options_.turn_bytes_max;) {
      const std::uint64_t deliveries = hub_.counters().deliveries;
      Outbox* const outbox = hub_.collect(id, moment.timestamp_ms);
      if (outbox == nullptr) {
        return std::nullopt;  // Its peer has closed in the meantime.
      }
      if (outbox->is_dropped()) {
        return outbox->end();
      }
      const bool has_updates = hub_.counters().deliveries != deliveries;
      const std::size_t bytes = outbox->bytes_waiting();
      const Written written = sockets.write(id, *outbox);
      const std::size_t left = outbox->bytes_waiting();
      const auto finished = outbox->is_finished() ? std::optional(outbox->end()) : std::nullopt;
      written_bytes_ += bytes - std::min(bytes, left);
      if (has_updates && left < bytes) {
        delivered_timestamp_ms_ = moment.timestamp_ms;
      }
      hub_.note_backlog(id, left);
      if (written == Written::waiting) {
        return std::nullopt;
      }
      if (written == Written::failed) {
        return StreamEnd::client_left;
      }
      if (finished || bytes == 0) {
        return finished;
      }
      turn_bytes += bytes;
    }
    sockets.write_later(id);
    return std::nullopt;
  }

  [[nodiscard]] bool has_slice() const {
    return slice_bytes_ < options_.slice_bytes_max && slice_streams_ < options_.slice_streams_max;
  }
  bool end(SubscriptionId id);
  void end_leaving(Instant now);
  void after_flush(Instant now);

  /// A stream that a drain will end.
  struct Leaving {
    Instant ends_at;
    Duration returns_later;  // Added to the usual `retry`.
    SubscriptionId id;
  };

  StreamPumpOptions options_;
  Hub hub_;
  Random random_;
  // The updates that arrived and are not yet written.
  struct Burst {
    std::optional<Instant> heard;             // When the first of them arrived. Empty: there are
                                              // none.
    std::int64_t published_timestamp_ms = 0;  // Of the same update. 0: it has no timestamp.
    std::uint64_t deliveries_before = 0;
    std::uint64_t marked = 0;  // The burst is written when all streams marked by then had their
                               // turn.
  };

  std::uint64_t streams_refused_ = 0;
  std::uint64_t streams_refused_draining_ = 0;
  Burst burst_;
  Delays delays_;
  std::optional<std::int64_t> published_timestamp_ms_;
  std::optional<std::int64_t> delivered_timestamp_ms_;
  std::size_t unflushed_bytes_ = 0;
  std::uint64_t written_bytes_ = 0;
  // What this turn's slice has used.
  std::uint64_t slice_bytes_ = 0;
  std::size_t slice_streams_ = 0;
  bool flush_is_scheduled_ = false;
  bool refuses_new_ = false;
  bool is_draining_ = false;
  std::vector<Leaving> leaving_;  // The next one is last.
  std::optional<Instant> armed_;  // The deadline that is set and not yet passed.

  // Actions not yet polled.
  bool wants_flush_ = false;  // At the end of the turn.
  bool is_flush_due_ = false;
  bool wants_catch_up_ = false;
  bool wants_deadline_ = false;  // That of `armed_`.
  bool is_drained_ = false;
};

}  // namespace regstream::hub
