#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/client_places.hpp"
#include "net/cors.hpp"
#include "net/request_log.hpp"
#include "net/request_origin.hpp"
#include "net/router.hpp"
#include "net/server_limits.hpp"
#include "net/session_table.hpp"

namespace regstream::net {

class Session;

/// What the sessions of a server share: the table that decides which one gives way, with its clock
/// and its timer. They may outlive the server, until the io_context is destroyed.
class SessionSet : public std::enable_shared_from_this<SessionSet> {
 public:
  SessionSet(boost::asio::io_context& context, const Router& router, const ServerLimits& limits,
             std::optional<AllowedHosts> allowed_hosts, Cors cors, ClientPlaces places,
             RequestLog requests);

  [[nodiscard]] const Router& router() const { return router_; }
  [[nodiscard]] const ServerLimits& limits() const { return limits_; }

  /// Nothing: origins are not checked.
  [[nodiscard]] const std::optional<AllowedHosts>& allowed_hosts() const { return allowed_hosts_; }

  [[nodiscard]] const Cors& cors() const { return cors_; }

  [[nodiscard]] ClientPlaces& places() { return places_; }

  [[nodiscard]] RequestLog& requests() { return requests_; }

  /// A place for one more connection or request of this client. At its limit, the client's session
  /// that makes the least progress is closed. Nothing: none of its sessions gives way now.
  [[nodiscard]] std::optional<ClientPlace> find_place(const ClientAddress& client);

  // For sessions, from constructor to destructor.
  SessionTable::Id add(Session& session, const std::optional<ClientAddress>& client);
  /// From now on it counts for this client, or for nobody.
  void count_for(SessionTable::Id id, const std::optional<ClientAddress>& client);
  void enter(SessionTable::Id id, SessionState state);
  void progress(SessionTable::Id id, std::size_t bytes);
  /// Gets room for `bytes` of a body or a response, from another session if necessary. False: there
  /// is none.
  [[nodiscard]] bool hold(SessionTable::Id id, std::size_t bytes);
  /// The session has closed, or a stream took its socket. It has no place any more.
  void leave(SessionTable::Id id);
  void destroyed(SessionTable::Id id);

  // For the server.
  [[nodiscard]] std::size_t sessions() const { return table_.size(); }
  [[nodiscard]] bool has_place() const { return !table_.is_full(); }
  [[nodiscard]] bool is_answering_all() const { return table_.is_answering_all(); }
  /// Closes the session that makes the least progress. False: none gives way now.
  [[nodiscard]] bool evict();

  [[nodiscard]] bool is_stopping() const { return is_stopping_; }
  /// Ends every session, at once or after its response. Calls `stopped` when the last one has
  /// ended, unless `forget_stopped` was called before.
  void stop(std::function<void()> stopped);
  void forget_stopped() { stopped_ = nullptr; }

 private:
  bool evict(std::optional<SessionTable::Id> id);
  void watch(std::optional<Instant> deadline);
  void on_timer();

  const Router& router_;
  ServerLimits limits_;
  std::optional<AllowedHosts> allowed_hosts_;
  Cors cors_;
  ClientPlaces places_;
  RequestLog requests_;
  SessionTable table_;
  std::unordered_map<SessionTable::Id, Session*>
      sessions_;  // Also sessions that have left the table.
  boost::asio::steady_timer timer_;
  std::optional<Instant> armed_;  // When the timer is due.
  bool is_stopping_ = false;
  std::function<void()> stopped_;
};

}  // namespace regstream::net
