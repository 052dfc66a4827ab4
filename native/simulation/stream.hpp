#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/connection/connection.hpp>

#include "hub/hub.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/stream_request.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

class Stream;
using StreamPtr = std::shared_ptr<Stream>;

/// The client's end of a stream. What arrives names the attempt.
class StreamReader {
 public:
  virtual void on_response(AttemptId attempt, const ResponseHead& head) = 0;
  virtual void on_bytes(AttemptId attempt, std::string_view bytes) = 0;
  virtual void on_end(AttemptId attempt, TransportEnd end) = 0;

 protected:
  ~StreamReader() = default;
};

/// The gateway's end.
class StreamWriter {
 public:
  /// A request has arrived; false: nobody listens there.
  [[nodiscard]] virtual bool accept(const StreamPtr& stream) = 0;
  virtual void on_writable(Stream& stream) = 0;
  virtual void on_peer_closed(Stream& stream) = 0;

 protected:
  ~StreamWriter() = default;
};

/// One request for the event stream, and its answer: a TCP connection's bytes, cut anywhere and
/// late, with a send buffer of its own.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  /// What its network does to it.
  struct Network {
    bool is_slow = false;
    bool holds_back = false;  ///< It passes an answer on when it has all of it.
  };

  Stream(World& world, const FaultPlan& plan, StreamReader& reader, AttemptId attempt,
         Network network, StreamRequest request);

  void open(StreamWriter& writer);

  [[nodiscard]] const StreamRequest& request() const { return request_; }

  // The gateway's side. `subscription` is its own business.
  hub::SubscriptionId subscription{};
  void respond(const ResponseHead& head);
  /// How many of the bytes the send buffer takes. `on_writable` comes if that was not all.
  std::size_t write(std::string_view bytes);
  [[nodiscard]] bool waits_for_room() const { return waits_for_room_; }
  /// `on_writable` comes after what else is to happen now.
  void write_later();
  /// In good order: what was written arrives, and then the end.
  void finish();
  /// The process is gone. Without its power being cut the client is told.
  void abandon(bool tells);

  // The client's side.
  void close();

  // Faults.
  void reset();
  void stall(Duration span);
  void lose_peer();
  [[nodiscard]] bool is_open() const { return reader_ != nullptr || writer_ != nullptr; }

 private:
  void plan_delivery();
  void deliver();
  void close_at_gateway(Duration delay);
  void offer_room();

  World& world_;
  Chance chance_;  // Of its network.
  const FaultPlan& plan_;
  StreamReader* reader_;  // Null once the client has closed, or was told the end.
  StreamWriter* writer_ = nullptr;
  const AttemptId attempt_;
  const Network network_;
  const StreamRequest request_;

  // On its way to the client, in this order.
  std::optional<ResponseHead> head_;
  std::string bytes_;
  std::optional<TransportEnd> end_;

  bool is_delivery_planned_ = false;
  bool waits_for_room_ = false;
  bool is_half_open_ = false;
  bool is_timeout_planned_ = false;
  Instant stalled_until_{};
};

}  // namespace regstream::simulation
