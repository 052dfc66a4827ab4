#pragma once

#include <optional>
#include <string>
#include <variant>

#include <regstream/workflow/workflow.hpp>

#include "access/grant.hpp"
#include "hub/subscription_request.hpp"
#include "net/exchange.hpp"

namespace regstream::gateway {

/// Why a request for the stream is none: a sentence for the client's author.
struct StreamRequestError {
  std::string what;
};

/// Reads the query:
/// - The workflow's id, under its member's name (`registrationId`): once for each instance, up to a
///   hundred of them; none for all. The same id twice counts once.
/// - `snapshot`: one of these ids, which the client knows nothing of; once for each of them.
/// - `until`, at most once: `final`, and exactly one id.
/// - `poll`, at most once: `1`.
/// - `lastEventId`, at most once.
///
/// Parameters of others (a proxy's, a cache buster) are let through. The header `Last-Event-ID`
/// wins over `lastEventId`: a browser that comes back asks the same URL again, and tells by the
/// header how far it got. An empty one of either says nothing. What is no event id is no error: to
/// a client that can't mend it, the stream says `reset`.
[[nodiscard]] std::variant<hub::SubscriptionRequest, StreamRequestError> read_stream_request(
    const net::Request& request, const net::Target& target, const Workflow& workflow);

/// Takes from a request what is beyond `reach`: a stream of all becomes one of the ids that `reach`
/// lists. What is left costs no more at each delivery than if it had been asked for. Returns why
/// there is nothing to give, for the client's author; it doesn't tell which ids exist.
[[nodiscard]] std::optional<std::string> limit_to_reach(hub::SubscriptionRequest& request,
                                                        const access::Reach& reach);

}  // namespace regstream::gateway
