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
  /// What this pump's streams are counted by. Pumps that are given the same one, as copies of these
  /// options are, have so many together. Not null.
  std::shared_ptr<StreamCount> streams = std::make_shared<StreamCount>();
  /// Messages heard in one turn of the loop go out in one write per stream, at the end of the turn.
  /// After more bytes than this they go out at once: readers begin to receive a long burst while
  /// the rest of it is being heard.
  std::size_t unflushed_bytes_max = 64U << 10U;
  /// What one stream is sent before others have their turn: a replay may be as large as the
  /// journal.
  std::size_t turn_bytes_max = 1U << 20U;
  /// What all streams together are sent in one turn of the loop, before others on it have theirs:
  /// so many bytes, and one stream's turn more at most; and so many streams, as each costs a system
  /// call. Less than half a millisecond; the rest follows in the next turns. A bare message is
  /// heard, adopted and told in three turns, each of which may find a slice before it.
  std::size_t slice_bytes_max = 1U << 20U;
  std::size_t slice_streams_max = 64;
  /// At a shutdown clients come back within this time, a millisecond for each stream of the count:
  /// a single one at once, ten thousand not faster than they can be welcomed.
  Duration return_spread_max{10'000};
  /// Spreads that return; differs between processes.
  std::uint64_t seed = 0;
};

/// What a socket made of an outbox.
enum class Written : std::uint8_t {
  everything,
  waiting,  ///< It is full; `StreamPump::on_writable` will come.
  failed,   ///< The peer has gone.
};

/// The sockets of the streams that were opened, by subscription. None calls the pump, except that
/// `write` may call `on_peer_closed`.
template <typename Sockets>
concept StreamSockets = requires(Sockets& sockets, SubscriptionId id, Outbox& outbox, StreamEnd end,
                                 std::string_view error) {
  /// Sends what is in the outbox as far as there is room, and consumes it. If the socket is
  /// full already: nothing, and `waiting`. May throw, which ends the stream.
  { sockets.write(id, outbox) } -> std::same_as<Written>;
  /// Others have their turn: `on_writable` will come, though no sooner than theirs.
  sockets.write_later(id);
  /// The stream has ended: after all that its outbox held, or because it failed. `error` says
  /// what was thrown, if anything was. Must not throw.
  sockets.close(id, end, error);
};

/// Why a new stream is not opened.
enum class StreamRefusal : std::uint8_t {
  draining,
  full,
  ended,  ///< It is to end with the final update, and its client has that end already: status 204.
};
/// How long whoever is refused is to wait before the next try.
inline constexpr std::chrono::seconds refusal_retry_after{1};

/// Call `on_flush_due` at the end of the loop's turn.
struct ScheduleFlush {};
/// Call `flush`.
struct Flush {};
/// Call `on_deadline` then. Replaces the deadline that was set before.
struct SetDeadline {
  Instant deadline;
};
/// Ask the broker to catch up; `on_caught_up` is the answer.
struct CatchUp {};
/// The last stream of a drain has ended.
struct Drained {};

using StreamPumpAction = std::variant<ScheduleFlush, Flush, SetDeadline, CatchUp, Drained>;

/// Moves messages from a hub to the sockets of its streams: when to write, how much at once, when
/// to look at the time, and when a stream ends. No socket, no clock.
///
/// Inputs come with their time. Poll after each of them, also after one that threw, and perform
/// what is given until there is nothing more. An exception in serving one stream ends that stream,
/// and no other.
class StreamPump {
 public:
  explicit StreamPump(StreamPumpOptions options = {});

  // What the broker says of the history; see `Hub`.
  /// So many streams will get a reset.
  std::size_t on_history(EventId position) { return hub_.begin_history(position); }
  std::optional<DecodeError> on_message(EventId id, std::string_view message, const Moment& moment);
  void on_live(const Moment& moment);
  void on_caught_up(const Moment& moment);

  /// A place for a new stream, which is to be kept until its socket closes; or why it is refused.
  /// Ask before `open`, once: those that are one too many are counted.
  [[nodiscard]] std::variant<StreamPlace, StreamRefusal> admit(const SubscriptionRequest& request);
  /// Opens a stream (`Hub::subscribe`). Its socket must be there when the next action is performed;
  /// if there will be none, call `on_peer_closed`.
  [[nodiscard]] SubscriptionId open(const SubscriptionRequest& request, const Moment& moment);
  /// Its socket has room again, or it is its turn again. An id that names nothing is ignored.
  template <StreamSockets Sockets>
  void on_writable(SubscriptionId id, const Moment& moment, Sockets& sockets) {
    hub_.handle_leases(moment.now, moment.timestamp_ms);
    write(id, moment, sockets);
  }
  /// The stream ends; its socket is the caller's to close. An id that names nothing is ignored.
  void on_peer_closed(SubscriptionId id) { end(id); }

  /// Ends every stream that a token of this key has opened (`Lease::key`): so many.
  std::size_t withdraw(std::uint64_t key, const Moment& moment);

  /// New streams are refused from now on: a drain will follow.
  void refuse_new() { refuses_new_ = true; }
  /// Refuses new streams, and ends those that are open in good order, spread over
  /// `return_spread_max`. Each goes on until its turn; `within` ends those that are left, which are
  /// told to come back at their turn. Gives how long it is until the last one is ended. `Drained`
  /// follows: a peer that does not read may keep its stream for as long as it likes.
  Duration drain(Duration within, const Moment& moment);

  /// The time of `SetDeadline` has come; late is normal.
  void on_deadline(const Moment& moment);
  /// The timer could not be set: the next flush asks for it again.
  void on_deadline_lost() { armed_.reset(); }
  /// The loop's turn ends.
  void on_flush_due();

  /// Writes what is new to the streams that have room, in turn, for as long as this turn's slice
  /// lasts. The others get it in the next turns.
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

  /// `flush` has returned: for `delays`. Whoever has no use for them leaves it out.
  void on_flushed(const Moment& moment);

  [[nodiscard]] std::optional<StreamPumpAction> poll();

  [[nodiscard]] const Hub& hub() const { return hub_; }
  /// New streams are refused for good.
  [[nodiscard]] bool is_draining() const { return refuses_new_; }
  [[nodiscard]] std::size_t streams_max() const { return options_.streams->max(); }
  /// Refused because there were as many as may be.
  [[nodiscard]] std::uint64_t streams_refused() const { return streams_refused_; }
  /// Refused because of the drain.
  [[nodiscard]] std::uint64_t streams_refused_draining() const { return streams_refused_draining_; }
  /// Bytes that sockets took of outboxes.
  [[nodiscard]] std::uint64_t written_bytes() const { return written_bytes_; }
  /// One delay for each burst of new updates, from its first one until each stream that has room
  /// for that one was written to, however many turns of the loop that takes. Bursts that concern
  /// nobody have none.
  struct Delays {
    DelayHistogram since_heard;
    /// By the publisher's clock. Only those of the last day: others are another kind of clock.
    DelayHistogram since_published;
  };
  [[nodiscard]] const Delays& delays() const { return delays_; }
  /// When the last new message was heard, and one was last given to a socket.
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
        return std::nullopt;  // Its peer has closed meanwhile.
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
    Duration returns_later;  // By so much after the usual `retry`.
    SubscriptionId id;
  };

  StreamPumpOptions options_;
  Hub hub_;
  Random random_;
  // The updates that were heard and have yet to be written.
  struct Burst {
    std::optional<Instant> heard;             // The first of them. Nothing: there are none.
    std::int64_t published_timestamp_ms = 0;  // The same one. 0: it does not say.
    std::uint64_t deliveries_before = 0;
    std::uint64_t marked = 0;  // It is written when all that were marked by then had their turn.
  };

  std::uint64_t streams_refused_ = 0;
  std::uint64_t streams_refused_draining_ = 0;
  Burst burst_;
  Delays delays_;
  std::optional<std::int64_t> published_timestamp_ms_;
  std::optional<std::int64_t> delivered_timestamp_ms_;
  std::size_t unflushed_bytes_ = 0;
  std::uint64_t written_bytes_ = 0;
  // What this turn's slice has gone to.
  std::uint64_t slice_bytes_ = 0;
  std::size_t slice_streams_ = 0;
  bool flush_is_scheduled_ = false;
  bool refuses_new_ = false;
  bool is_draining_ = false;
  std::vector<Leaving> leaving_;  // The next one last.
  std::optional<Instant> armed_;  // The deadline that was set, and has not come.

  // The actions that were not polled yet.
  bool wants_flush_ = false;  // At the end of the turn.
  bool is_flush_due_ = false;
  bool wants_catch_up_ = false;
  bool wants_deadline_ = false;  // That of `armed_`.
  bool is_drained_ = false;
};

}  // namespace regstream::hub
