#include "gateway/connection_table.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <utility>

#include "log/log.hpp"

namespace regstream::gateway {

static_assert(hub::StreamSockets<ConnectionTable>);

ConnectionTable::~ConnectionTable() {
  for (const StreamConnectionPtr& connection : connections_) {
    if (connection) {
      connection->close(hub::StreamEnd::shutdown);
    }
  }
}

void ConnectionTable::add(StreamConnectionPtr connection) {
  const std::size_t slot = connection->subscription().slot;
  connections_.resize(std::max(connections_.size(), slot + 1));
  connection->start();
  connections_[slot] = std::move(connection);
}

void ConnectionTable::close(hub::SubscriptionId id, hub::StreamEnd end, std::string_view error) {
  connections_[id.slot]->close(end);
  connections_[id.slot].reset();  // Frees the connection, unless one of its waits is pending.
  if (!error.empty()) {
    try {
      logging::error("stream", "a stream could not be served, and was ended: {}", error);
    } catch (const std::exception&) {  // There is no memory for the line either.
    }
  }
}

}  // namespace regstream::gateway
