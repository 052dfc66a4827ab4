#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <regstream/broker/redis_options.hpp>
#include <regstream/workflow/workflow.hpp>

#include "access/guard.hpp"
#include "cli/serve_options.hpp"
#include "gateway/gateway.hpp"

namespace regstream::access {
class TicketStore;
class TokenPolicy;
}  // namespace regstream::access

namespace regstream::cli {

/// A gateway that other machines reach needs keys for tokens, or somebody's word that everybody may
/// ask (`net::find_exposure`). Throws std::invalid_argument with one sentence where there is
/// neither, or what is given contradicts itself.
void check_exposure(const ServeOptions& options);

/// Whether only this machine reaches the gateway.
[[nodiscard]] bool is_local_only(const ServeOptions& options);

/// Says in the log that everybody may ask, where other machines can.
void warn_of_open_gateway(const ServeOptions& options);

/// Who may ask: everybody, or with keys whoever has a token. On the loop's thread.
class Access {
 public:
  /// Reads the keys; sets of keys at a URL are fetched as soon as `context` runs. Tickets are in
  /// Redis, or without one in this process. Throws std::invalid_argument with one sentence where a
  /// key can't be used. `context` must outlive this.
  Access(boost::asio::io_context& context, const AccessOptions& options,
         const std::vector<Workflow>& workflows, const std::optional<broker::RedisOptions>& redis);
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;
  ~Access();

  /// Refers to this.
  [[nodiscard]] const access::Guard& guard() const { return guard_; }

  /// Ends the streams of `gateways`, which must outlive the loop, whose key is withdrawn.
  void end_withdrawn(std::vector<gateway::Gateway*> gateways);

  /// Whether there are keys, which `reload` reads again.
  [[nodiscard]] bool has_keys() const { return policy_ != nullptr; }
  /// Nothing: the keys of the files are in use. Otherwise all stay as they were, for this reason.
  [[nodiscard]] std::optional<std::string> reload();

 private:
  std::unique_ptr<access::TicketStore> tickets_;
  std::unique_ptr<access::TokenPolicy> policy_;  // Null: everybody is let in.
  access::Guard guard_;
};

}  // namespace regstream::cli
