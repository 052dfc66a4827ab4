#pragma once

#include <optional>
#include <string>
#include <variant>

#include <regstream/workflow/workflow.hpp>

#include "access/grant.hpp"
#include "hub/subscription_request.hpp"
#include "net/exchange.hpp"

namespace regstream::gateway {

/// Why a request for a stream is malformed: a sentence for the client's author.
struct StreamRequestError {
  std::string what;
};

/// Reads the query:
/// - The workflow's id, under its member's name (`registrationId`): once for each instance, at most
///   a hundred; none: all instances. The same id twice counts once.
/// - `snapshot`: one of these ids that the client knows nothing about yet; once for each.
/// - `until`, at most once: `final`, and exactly one id.
/// - `poll`, at most once: `1`.
/// - `lastEventId`, at most once.
///
/// Unknown parameters (a proxy's, a cache buster) are ignored. The header `Last-Event-ID` wins over
/// `lastEventId`, because a browser that reconnects requests the same URL again and puts its newer
/// cursor into the header. An empty value counts as none. Text that is not an event id is not an
/// error, because the client can't mend it: the stream sends `reset`.
[[nodiscard]] std::variant<hub::SubscriptionRequest, StreamRequestError> read_stream_request(
    const net::Request& request, const net::Target& target, const Workflow& workflow);

/// Limits a request to `reach`: a stream of all instances becomes a stream of the ids that `reach`
/// lists. Deliveries then cost no more than if the client had requested those ids. If nothing is
/// left, returns the reason for the client's author; the reason doesn't reveal which ids exist.
[[nodiscard]] std::optional<std::string> limit_to_reach(hub::SubscriptionRequest& request,
                                                        const access::Reach& reach);

}  // namespace regstream::gateway
