#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <regstream/broker/broker.hpp>
#include <regstream/time.hpp>

#include "access/guard.hpp"
#include "net/router.hpp"

namespace regstream::gateway {

/// `POST` of the workflow's `updates_path`: publishing by HTTP, for programs that use neither the
/// C++ library nor Redis. The body is a message of the channel, about the instance in the path. It
/// may leave out the member with the id, the `status` of a stage update
/// (`Workflow::stage_update_status`), and `timestamp` (now). Unknown members are kept. An `id` is
/// ignored, because the broker gives it. An `Idempotency-Key` field makes several attempts one
/// update.
///
/// Answers 201 with `{"id":"<epoch>-<sequence>"}` once the broker has acknowledged the update.
/// While the broker is away or takes no updates, it answers 503 with Retry-After at once, and never
/// publishes that update later (`Broker::publish_now`). If the broker is lost before its
/// acknowledgement, or does not answer in time, the answer is 503 as well, but the update may have
/// been published. The key makes another attempt safe.
///
/// A JSON array of such objects, or one on each line (`application/x-ndjson`), publishes several in
/// their order and together, at most `published_items_max`. Each gets its own result, in 200 with
/// `{"results":[{"id":"…"},{"problem":{…}}]}`: the answer that it would get alone. An
/// `Idempotency-Key` and an update's place among the others make several attempts one. Once an
/// update is over its token's rate, so are all that follow it.
///
/// A request needs the right to publish the id.
class PublishRoute {
 public:
  struct Options {
    Duration answer_timeout{10'000};
    /// Calendar time in milliseconds since the Unix epoch; by default the system's.
    std::function<std::int64_t()> now_timestamp_ms = {};
  };

  /// `context` is the server's and the broker's. Everything referred to must outlive the route.
  PublishRoute(boost::asio::io_context& context, broker::Broker& broker, Options options);

  /// `router` calls this object from now on.
  void add_to(net::Router& router, const access::Guard& guard);

 private:
  struct Pending;
  struct PendingItems;

  void publish(net::Exchange exchange, const access::Grant& grant, access::TokenLimits* limits);
  void publish_one(net::Exchange exchange, const InstanceId& id, const access::Grant& grant,
                   access::TokenLimits* limits);
  void publish_all(net::Exchange exchange, const InstanceId& id, const access::Grant& grant,
                   access::TokenLimits* limits);

  boost::asio::io_context& context_;
  broker::Broker& broker_;
  Options options_;
};

}  // namespace regstream::gateway
