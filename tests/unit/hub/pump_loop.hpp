#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "hub/stream_pump.hpp"
#include "hub_reading.hpp"

/// A stream pump in a loop whose turns, clocks and sockets a test drives by hand.
namespace regstream::hub {

inline Moment at(std::int64_t now_ms) {
  return {.now = Instant{Duration{now_ms}}, .timestamp_ms = reading_timestamp_ms + now_ms};
}

/// A socket that the test drives by hand.
struct Socket {
  std::size_t room = SIZE_MAX;  ///< How many bytes it accepts until the test makes more room.
  bool has_failed = false;
  bool throws = false;
  std::function<void()> on_write = {};

  std::string sent = {};
  int writes = 0;
  int turns_given_up = 0;
  bool is_closed = false;
  StreamEnd end = StreamEnd::failed;  ///< Why it was closed.
  std::string error = {};
};

struct Sockets {
  std::map<std::uint32_t, Socket> by_slot;
  std::vector<std::uint32_t> order;  ///< The slots, as they were written to.

  Written write(SubscriptionId id, Outbox& outbox) {
    Socket& socket = by_slot.at(id.slot);
    order.push_back(id.slot);
    ++socket.writes;
    if (socket.on_write) {
      socket.on_write();
    }
    if (socket.throws) {
      throw std::runtime_error("no memory for this one");
    }
    if (socket.has_failed) {
      return Written::failed;
    }
    while (!outbox.empty()) {
      const std::string_view bytes =
          outbox.frames().front()->bytes().substr(outbox.sent_of_first()).substr(0, socket.room);
      if (bytes.empty()) {
        return Written::waiting;
      }
      socket.sent += bytes;
      socket.room -= socket.room == SIZE_MAX ? 0 : bytes.size();
      outbox.consume(bytes.size());
    }
    return Written::everything;
  }
  void write_later(SubscriptionId id) { ++by_slot.at(id.slot).turns_given_up; }
  void close(SubscriptionId id, StreamEnd end, std::string_view error) {
    by_slot.at(id.slot).end = end;
    by_slot.at(id.slot).is_closed = true;
    by_slot.at(id.slot).error = error;
  }
};

/// A pump of a history that is live and empty, in a loop whose turns the test ends.
struct Loop {
  explicit Loop(StreamPumpOptions options = {}, bool is_live = true) : pump(options) {
    pump.on_history({.epoch = LiveHub::epoch, .sequence = 0});
    if (is_live) {
      pump.on_live(at(0));
    }
    end_turn();
  }

  SubscriptionId open(std::string_view cursor = {}, Socket socket = {}) {
    const SubscriptionId id = pump.open(follow({}, cursor), now);
    sockets.by_slot[id.slot] = std::move(socket);
    perform();
    return id;
  }
  void publish(int count = 1) {
    for (int index = 0; index < count; ++index) {
      ++published;
      REQUIRE_FALSE(pump.on_message({.epoch = LiveHub::epoch, .sequence = published},
                                    stage_update(42, "t24_lookup", "STARTED", 1), now));
      perform();
    }
  }
  /// Performs what the pump wants now; what is for the turn's end waits for it.
  void perform() {
    while (const auto action = pump.poll()) {
      if (std::holds_alternative<ScheduleFlush>(*action)) {
        ++flushes_scheduled;
      } else if (std::holds_alternative<Flush>(*action)) {
        ++flushes;
        pump.flush(now, sockets);
      } else if (const auto* const set = std::get_if<SetDeadline>(&*action)) {
        deadlines.push_back(set->deadline);
      } else if (std::holds_alternative<CatchUp>(*action)) {
        ++catch_ups;
      } else {
        ++drained;
      }
    }
  }
  void end_turn() {
    while (flushes_scheduled > 0) {
      --flushes_scheduled;
      pump.on_flush_due();
      perform();
    }
  }
  SubscriptionId open_leased(const Lease& lease, Socket socket = {}) {
    SubscriptionRequest request = follow({});
    request.lease = lease;
    const SubscriptionId id = pump.open(request, now);
    sockets.by_slot[id.slot] = std::move(socket);
    perform();
    return id;
  }
  Socket& socket(SubscriptionId id) { return sockets.by_slot.at(id.slot); }
  std::string types(SubscriptionId id) { return read_stream(socket(id).sent).types(); }

  StreamPump pump;
  Sockets sockets;
  Moment now = at(0);
  std::uint64_t published = 0;
  int flushes_scheduled = 0;
  int flushes = 0;
  int catch_ups = 0;
  int drained = 0;
  std::vector<Instant> deadlines;
};

}  // namespace regstream::hub
