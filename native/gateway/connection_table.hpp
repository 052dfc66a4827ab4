#pragma once

#include <string_view>
#include <vector>

#include "gateway/stream_connection.hpp"
#include "hub/stream_pump.hpp"

namespace regstream::gateway {

/// The sockets of all streams: `hub::StreamSockets` for the pump.
class ConnectionTable {
 public:
  ConnectionTable() = default;
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;
  /// Closes every connection: the gateway shuts down.
  ~ConnectionTable();

  /// Adds a connection under its subscription, and starts it.
  void add(StreamConnectionPtr connection);

  hub::Written write(hub::SubscriptionId id, hub::Outbox& outbox) {
    return connections_[id.slot]->write(outbox);
  }
  void write_later(hub::SubscriptionId id) { connections_[id.slot]->write_later(); }
  /// `error` goes to the log, unless it is empty.
  void close(hub::SubscriptionId id, hub::StreamEnd end, std::string_view error = {});

 private:
  std::vector<StreamConnectionPtr> connections_;  // By the subscription's slot.
};

}  // namespace regstream::gateway
