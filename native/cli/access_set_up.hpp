#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <regstream/broker/redis_options.hpp>
#include <regstream/workflow/workflow.hpp>

#include "access/open_policy.hpp"
#include "access/ticket_store.hpp"
#include "access/token_policy.hpp"
#include "cli/reload.hpp"
#include "cli/serve_options.hpp"

namespace regstream::cli {

/// Checks that a gateway that other machines can reach has keys or `--open`. Other machines reach
/// it by `net::find_exposure`, a trusted proxy, or an origin on another machine. Throws
/// std::invalid_argument with one sentence if it has neither, or both.
void check_exposure(const ServeOptions& options);

/// Whether there is a route to publish by HTTP (`--publish-route`). By default there is one if
/// publishers need tokens, or if only this machine can reach the gateway.
[[nodiscard]] bool has_publish_route(const ServeOptions& options);

/// The access policy that the options select, and what it needs.
class AccessSetUp {
 public:
  /// Reads the keys. Throws std::invalid_argument with one sentence about a source of keys that
  /// can't be used. Tickets are stored in Redis, if it is used.
  AccessSetUp(boost::asio::io_context& context, const AccessOptions& options,
              const std::vector<Workflow>& workflows,
              const std::optional<broker::RedisOptions>& redis);

  /// Valid as long as this object.
  [[nodiscard]] access::Policy& policy();

  /// Null: the gateway is open.
  [[nodiscard]] const access::TokenPolicy* tokens() const { return tokens_.get(); }

  /// Lets `reload` read the keys again, and calls `withdrawn` for each key that is no longer valid.
  void follow_keys(Reload& reload, std::function<void(std::uint64_t key)> withdrawn);

 private:
  access::OpenPolicy open_;
  std::unique_ptr<access::TicketStore> tickets_;
  std::unique_ptr<access::TokenPolicy> tokens_;  // Null: the gateway is open.
};

/// Warns in the log if other machines can reach the gateway and everybody may read.
void warn_of_open_gateway(const ServeOptions& options);

}  // namespace regstream::cli
