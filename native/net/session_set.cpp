#include "net/session_set.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "net/session.hpp"
#include "net/steady_now.hpp"

namespace regstream::net {

namespace asio = boost::asio;

SessionSet::SessionSet(asio::io_context& context, const Router& router, const ServerLimits& limits,
                       std::optional<AllowedHosts> allowed_hosts, Cors cors, ClientPlaces places,
                       RequestLog requests)
    : router_(router),
      limits_(limits),
      allowed_hosts_(std::move(allowed_hosts)),
      cors_(std::move(cors)),
      places_(std::move(places)),
      requests_(std::move(requests)),
      table_(limits),
      timer_(context) {}

std::optional<ClientPlace> SessionSet::find_place(const ClientAddress& client) {
  const auto evict_own = [&] { return evict(table_.least_progress_of(client)); };
  if (table_.is_full_for(client) && !evict_own()) {
    return std::nullopt;
  }
  std::optional<ClientPlace> place = places_.enter(client);
  if (!place && evict_own()) {
    place = places_.enter(client);
  }
  return place;
}

SessionTable::Id SessionSet::add(Session& session, const std::optional<ClientAddress>& client) {
  const SessionTable::Id id = table_.add(client, steady_now());
  try {
    sessions_.emplace(id, &session);
  } catch (...) {
    table_.remove(id);
    throw;
  }
  return id;
}

void SessionSet::count_for(SessionTable::Id id, const std::optional<ClientAddress>& client) {
  table_.count_for(id, client);
}

void SessionSet::enter(SessionTable::Id id, SessionState state) {
  watch(table_.enter(id, state, steady_now()));
}

void SessionSet::progress(SessionTable::Id id, std::size_t bytes) {
  table_.progress(id, bytes, steady_now());
}

bool SessionSet::hold(SessionTable::Id id, std::size_t bytes) {
  while (!table_.hold(id, bytes)) {
    if (!evict(table_.least_progress_with_memory(id, steady_now()))) {
      return false;
    }
  }
  return true;
}

void SessionSet::leave(SessionTable::Id id) {
  table_.remove(id);
}

void SessionSet::destroyed(SessionTable::Id id) {
  table_.remove(id);
  sessions_.erase(id);
  if (sessions_.empty() && stopped_) {
    std::exchange(stopped_, nullptr)();
  }
}

bool SessionSet::evict() {
  return evict(table_.least_progress(steady_now()));
}

bool SessionSet::evict(std::optional<SessionTable::Id> id) {
  if (id) {
    sessions_.at(*id)->close();
  }
  return id.has_value();
}

void SessionSet::stop(std::function<void()> stopped) {
  is_stopping_ = true;
  if (sessions_.empty()) {
    asio::post(timer_.get_executor(), std::move(stopped));
    return;
  }
  stopped_ = std::move(stopped);
  for (const auto& [id, session] : sessions_) {
    session->stop();  // It ends later, in a handler, so the set doesn't change during this loop.
  }
}

void SessionSet::watch(std::optional<Instant> deadline) {
  if (!deadline || (armed_ && *armed_ <= *deadline)) {
    return;  // The timer looks again when it is due.
  }
  armed_.reset();
  timer_.expires_after(time_until(*deadline, steady_now()));
  timer_.async_wait([set = weak_from_this()](const boost::system::error_code& cancelled) {
    if (const auto self = set.lock(); self && !cancelled) {
      self->on_timer();
    }
  });
  armed_ = deadline;
}

void SessionSet::on_timer() {
  armed_.reset();
  while (evict(table_.overdue(steady_now()))) {
  }
  watch(table_.next_deadline());
}

}  // namespace regstream::net
