#pragma once

#include <functional>
#include <memory>
#include <string>

#include <regstream/workflow/workflow.hpp>

#include "access/denial_reason.hpp"
#include "access/policy.hpp"
#include "access/token_limits.hpp"
#include "net/exchange.hpp"

/// The only entry to routes that require credentials.
namespace regstream::access {

/// The response to a request whose credentials are not accepted, or don't suffice: problem details
/// with the challenge of RFC 6750, 3.
[[nodiscard]] net::Response make_denial_answer(const Denial& denial);

/// Answers 403 `insufficient_scope`: the credentials are valid, but don't allow this. `detail` says
/// what would. It must not depend on whether the requested thing exists.
void respond_beyond_rights(net::Exchange& exchange, std::string detail);

/// Wraps handlers: asks a policy who sent a request, and answers those who lack the right. The
/// handlers refer to the policy.
class Guard {
 public:
  /// Gets the sender's grant, and answers itself if that does not suffice. Called on the loop's
  /// thread.
  using Handler = std::function<void(net::Exchange, GrantPtr)>;

  /// `limits` are the limits per token, which the handlers enforce. Null: none.
  explicit Guard(Policy& policy, TokenLimits* limits = nullptr)
      : policy_(policy), limits_(limits), denials_(std::make_shared<DenialCounts>()) {}

  /// `ticketed`: see `Policy::authenticate`.
  [[nodiscard]] net::Handler admit(Handler handler, const Workflow* ticketed = nullptr) const;
  /// Admits only tokens that may inspect.
  [[nodiscard]] net::Handler admit_inspectors(net::Handler handler) const;
  /// A handler that issues tickets for streams of `workflow`, which must outlive it:
  /// `{"ticket":…,"expiresInMs":…}`.
  [[nodiscard]] net::Handler give_tickets(const Workflow& workflow) const;

  /// Everyone may do everything.
  [[nodiscard]] bool is_open() const { return policy_.is_open(); }

  [[nodiscard]] TokenLimits* limits() const { return limits_; }

  /// The requests denied so far.
  [[nodiscard]] const DenialCounts& denials() const { return *denials_; }

 private:
  Policy& policy_;
  TokenLimits* limits_;
  std::shared_ptr<DenialCounts> denials_;  // Shared with its handlers.
};

/// Admits everyone.
[[nodiscard]] const Guard& open_guard();

}  // namespace regstream::access
