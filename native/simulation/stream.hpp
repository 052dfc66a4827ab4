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

/// The client's end of a stream. Every call names the attempt.
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
  /// A request has arrived; false if nothing listens.
  [[nodiscard]] virtual bool accept(const StreamPtr& stream) = 0;
  virtual void on_writable(Stream& stream) = 0;
  virtual void on_peer_closed(Stream& stream) = 0;

 protected:
  ~StreamWriter() = default;
};

/// One request for the event stream and its response: the bytes of a TCP connection, split anywhere
/// and late, with a send buffer of its own.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  /// What the client's network does to the stream.
  struct Network {
    bool is_slow = false;
    bool holds_back = false;  ///< Passes a response on only when it is complete.
  };

  Stream(World& world, const FaultPlan& plan, StreamReader& reader, AttemptId attempt,
         Network network, StreamRequest request);

  void open(StreamWriter& writer);

  [[nodiscard]] const StreamRequest& request() const { return request_; }

  // The gateway's side. Only the gateway uses `subscription`.
  hub::SubscriptionId subscription{};
  void respond(const ResponseHead& head);
  /// Returns how many of the bytes the send buffer took. If not all, `on_writable` follows.
  std::size_t write(std::string_view bytes);
  [[nodiscard]] bool waits_for_room() const { return waits_for_room_; }
  /// `on_writable` follows after all other events that are due now.
  void write_later();
  /// Ends in good order: what was written arrives, and then the end.
  void finish();
  /// The process is gone. `tells`: the client's connection closes.
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
  Chance chance_;  // For its network.
  const FaultPlan& plan_;
  StreamReader* reader_;  // Null once the client has closed, or got the end.
  StreamWriter* writer_ = nullptr;
  const AttemptId attempt_;
  const Network network_;
  const StreamRequest request_;

  // On the way to the client, in this order.
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
