#include "access/remote_policy.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace regstream::access {

namespace asio = boost::asio;

// The caller keeps the request, in the handler, until the handler is called.

void RemotePolicy::authenticate(const net::Request& request, const net::Target& target,
                                const Workflow* ticketed, Handler decided) {
  asio::post(there_, [this, &request, &target, ticketed,
                      decided = bring_back(std::move(decided))]() mutable {
    policy_.authenticate(request, target, ticketed, std::move(decided));
  });
}

void RemotePolicy::issue_ticket(const net::Request& request, const net::Target& target,
                                const Workflow& workflow, TicketHandler done) {
  asio::post(there_,
             [this, &request, &target, &workflow, done = bring_back(std::move(done))]() mutable {
               policy_.issue_ticket(request, target, workflow, std::move(done));
             });
}

template <typename Result>
std::function<void(Result)> RemotePolicy::bring_back(std::function<void(Result)> handler) const {
  return [&here = here_, handler = std::move(handler)](Result result) {
    asio::post(here,
               [handler, result = std::move(result)]() mutable { handler(std::move(result)); });
  };
}

}  // namespace regstream::access
