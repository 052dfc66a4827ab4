#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <regstream/workflow/workflow.hpp>

#include "access/fetch_keys.hpp"
#include "access/key_keeper.hpp"
#include "access/key_source.hpp"
#include "access/policy.hpp"
#include "access/sealed_token.hpp"
#include "access/ticket_allowance.hpp"
#include "access/ticket_store.hpp"
#include "access/token_verifier.hpp"

namespace regstream::access {

struct TokenPolicyOptions {
  TokenRules rules = {};
  /// The cookie's name. Browsers accept a `__Host-` cookie over HTTPS only. Empty: cookies are
  /// ignored.
  std::string cookie = "__Host-regstream";
  std::vector<KeySource> keys = {};
  KeyKeeperOptions refetching = {};
};

/// The bearer of a token may do what it says. This is the shell around the parts that decide:
/// credentials, verifier, key keeper and tickets. Use it on the loop's thread.
class TokenPolicy final : public Policy {
 public:
  /// Reads the key files, and fetches the URLs as soon as `context` runs. `workflows` are those
  /// that the gateway serves. `tickets` must outlive the policy. `fetch` may be empty if there are
  /// no URLs. Throws std::invalid_argument with one sentence if a source of keys can't be used, or
  /// there is none.
  TokenPolicy(boost::asio::io_context& context, TokenPolicyOptions options,
              std::vector<Workflow> workflows, TicketStore& tickets, FetchKeys fetch);

  void authenticate(const net::Request& request, const net::Target& target,
                    const Workflow* ticketed, Handler decided) override;
  void issue_ticket(const net::Request& request, const net::Target& target,
                    const Workflow& workflow, TicketHandler done) override;
  [[nodiscard]] bool is_open() const override { return false; }

  /// Sets the handler for withdrawn keys: it gets each one's `Grant::key`, and should end its
  /// streams.
  void on_withdrawn(std::function<void(std::uint64_t key)> withdrawn) {
    withdrawn_ = std::move(withdrawn);
  }

  /// For monitoring: the keys, and the state of their fetches.
  [[nodiscard]] const KeyKeeper& keys() const { return keeper_; }
  [[nodiscard]] std::uint64_t tickets_refused() const { return allowance_.refused(); }

  /// Reads the key files again, and fetches the URLs. Returns what is bad, as sentences without
  /// their full stop; then all previous keys of files stay.
  std::vector<std::string> reload();

 private:
  struct Waiting {
    std::string token;
    Handler decided;
  };

  /// Decides what a token allows: now, or once its keys are fetched.
  void judge(std::string token, Handler decided);
  [[nodiscard]] TokenVerifier::Verdict verify(const std::string& token) const;
  /// The decision for a verdict, without further waiting.
  [[nodiscard]] Decision decision(TokenVerifier::Verdict verdict) const;
  void redeem(const std::string& ticket, const Workflow& workflow, Handler decided);
  void give_ticket(const std::string& token, const Grant& grant, const Workflow& workflow,
                   TicketHandler done);

  [[nodiscard]] std::vector<KeysResult> read_files() const;
  void advance();
  void act(const FetchKeySet& fetch);
  void act(const KeysWithdrawn& keys);
  void act(const KeysSettled& settled);
  void act(const KeyNews& news);
  void arm_timer();

  boost::asio::io_context& context_;
  const TokenPolicyOptions options_;
  const TokenVerifier verifier_;
  TicketStore& tickets_;
  const FetchKeys fetch_;
  std::vector<std::string> urls_;
  KeyKeeper keeper_;
  TicketAllowance allowance_;
  std::deque<Waiting> waiting_;
  std::function<void(std::uint64_t)> withdrawn_;
  boost::asio::steady_timer timer_;
  bool is_advancing_ = false;
  std::uint8_t news_said_ = 0;          // Wraps around, so that a flood of them is still limited.
  std::shared_ptr<TokenPolicy*> self_;  // Late answers find it gone.
};

}  // namespace regstream::access
