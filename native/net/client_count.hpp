#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>

#include <boost/asio/ip/address.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace regstream::net {

/// Whom connections are counted for: an IPv4 address (as an IPv4-mapped one), or the first 64 bits
/// of an IPv6 address, since a single client has all addresses behind them (RFC 6177).
using ClientAddress = boost::asio::ip::address_v6;

[[nodiscard]] ClientAddress client_of(const boost::asio::ip::address& address);

/// Also where an IPv6 address holds one of IPv4.
[[nodiscard]] bool is_loopback(const boost::asio::ip::address& address);

class ClientCount;

/// A connection's place among its client's, given back with the last copy. As small as a pointer,
/// since each stream has one; null for a connection that is not counted.
using ClientPlace = boost::intrusive_ptr<ClientCount>;

/// Counts the connections of each client, requests and streams together. On one thread; places may
/// outlive it.
class ClientCounts {
 public:
  /// At most `connections_max` for each client; 0: any number.
  explicit ClientCounts(std::size_t connections_max);

  /// Nothing: this client has as many connections as it may have.
  [[nodiscard]] std::optional<ClientPlace> enter(const ClientAddress& client);

 private:
  friend class ClientCount;
  using Map = std::map<ClientAddress, ClientCount*>;

  std::size_t connections_max_;
  std::shared_ptr<Map> counts_ = std::make_shared<Map>();
};

/// The connections of one client: as many as refer to it.
class ClientCount : public boost::intrusive_ref_counter<ClientCount, boost::thread_unsafe_counter> {
 public:
  ClientCount(std::shared_ptr<ClientCounts::Map> counts, const ClientAddress& client);
  ClientCount(const ClientCount&) = delete;
  ClientCount& operator=(const ClientCount&) = delete;
  ~ClientCount();

 private:
  std::shared_ptr<ClientCounts::Map> counts_;
  ClientCounts::Map::iterator entry_;
};

}  // namespace regstream::net
