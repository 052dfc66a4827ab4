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
  /// Its name. A browser takes a `__Host-` cookie by HTTPS alone. Empty: no cookie is looked at.
  std::string cookie = "__Host-regstream";
  std::vector<KeySource> keys = {};
  KeyKeeperOptions refetching = {};
};

/// Whoever has a token may do what it says. The shell of what decides: credentials, the verifier,
/// the keeper of keys and the tickets. On the loop's thread.
class TokenPolicy final : public Policy {
 public:
  /// Reads the key files, and has URLs fetched as soon as `context` runs. `workflows` are those
  /// that the gateway serves; `tickets` must outlive the policy, and `fetch` may be empty without
  /// URLs. Throws std::invalid_argument with one sentence where a source of keys can't be used, or
  /// there is none.
  TokenPolicy(boost::asio::io_context& context, TokenPolicyOptions options,
              std::vector<Workflow> workflows, TicketStore& tickets, FetchKeys fetch);

  void authenticate(const net::Request& request, const net::Target& target,
                    const Workflow* ticketed, Handler decided) override;
  void issue_ticket(const net::Request& request, const net::Target& target,
                    const Workflow& workflow, TicketHandler done) override;
  [[nodiscard]] bool is_open() const override { return false; }

  /// `withdrawn` is called for each key that no longer counts (`Grant::key`), so that its streams
  /// are ended.
  void on_withdrawn(std::function<void(std::uint64_t key)> withdrawn) {
    withdrawn_ = std::move(withdrawn);
  }

  /// For monitoring: the keys, and how they are fetched.
  [[nodiscard]] const KeyKeeper& keys() const { return keeper_; }
  [[nodiscard]] std::uint64_t tickets_refused() const { return allowance_.refused(); }

  /// Reads the key files again, and asks the URLs. Returns what is bad, as sentences without their
  /// full stop; then all keys of files stay as they were.
  std::vector<std::string> reload();

 private:
  struct Waiting {
    std::string token;
    Handler decided;
  };

  /// What a token allows, now or once the keys are there.
  void judge(std::string token, Handler decided);
  [[nodiscard]] TokenVerifier::Verdict verify(const std::string& token) const;
  /// What a verdict means that waits for nothing.
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
  std::uint8_t news_said_ = 0;  // Begins again at 0, so that a flood of them is still limited.
  std::shared_ptr<TokenPolicy*> self_;  // Answers that come after the end find nothing behind it.
};

}  // namespace regstream::access
