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

/// A gateway that other machines reach needs keys, or somebody's word that it is to be open
/// (`net::find_exposure`, a trusted proxy or an origin of another machine). Throws
/// std::invalid_argument with one sentence where it has neither, or both.
void check_exposure(const ServeOptions& options);

/// `--publish-route`: by default where each publisher is asked who it is, or only this machine
/// reaches the gateway.
[[nodiscard]] bool has_publish_route(const ServeOptions& options);

/// The policy that the options ask for, and what it works with.
class AccessSetUp {
 public:
  /// Reads the keys. Throws std::invalid_argument with
  /// one sentence about a source of keys that can't be used. Tickets are kept in Redis, if there is
  /// one.
  AccessSetUp(boost::asio::io_context& context, const AccessOptions& options,
              const std::vector<Workflow>& workflows,
              const std::optional<broker::RedisOptions>& redis);

  /// Holds as long as this.
  [[nodiscard]] access::Policy& policy();

  /// Null: the gateway is open.
  [[nodiscard]] const access::TokenPolicy* tokens() const { return tokens_.get(); }

  /// From now on, keys are read anew by `reload`, and `withdrawn` is called for each that counts no
  /// longer.
  void follow_keys(Reload& reload, std::function<void(std::uint64_t key)> withdrawn);

 private:
  access::OpenPolicy open_;
  std::unique_ptr<access::TicketStore> tickets_;
  std::unique_ptr<access::TokenPolicy> tokens_;  // Null: the gateway is open.
};

/// Says in the log that everybody may ask, where other machines can.
void warn_of_open_gateway(const ServeOptions& options);

}  // namespace regstream::cli
