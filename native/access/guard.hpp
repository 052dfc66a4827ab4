#pragma once

#include <functional>
#include <memory>
#include <string>

#include <regstream/workflow/workflow.hpp>

#include "access/denial_reason.hpp"
#include "access/policy.hpp"
#include "access/token_limits.hpp"
#include "net/exchange.hpp"

/// The one way into routes that ask who is there.
namespace regstream::access {

/// The answer to a request whose credentials don't count, or don't suffice: problem details with
/// the challenge of RFC 6750, 3.
[[nodiscard]] net::Response make_denial_answer(const Denial& denial);

/// Answers 403 `insufficient_scope`: the credentials count, and don't allow this. `detail` says
/// what would, and must be the same whether what was asked for exists or not.
void respond_beyond_rights(net::Exchange& exchange, std::string detail);

/// Stands before handlers: asks a policy who sent a request, and answers whoever may not be there.
/// The handlers refer to the policy.
class Guard {
 public:
  /// Gets what the sender may do, and answers itself where that does not suffice. On the loop's
  /// thread.
  using Handler = std::function<void(net::Exchange, GrantPtr)>;

  /// `limits`, those of a token, are the handlers' to keep; null: there are none.
  explicit Guard(Policy& policy, TokenLimits* limits = nullptr)
      : policy_(policy), limits_(limits), denials_(std::make_shared<DenialCounts>()) {}

  /// `ticketed`: see `Policy::authenticate`.
  [[nodiscard]] net::Handler admit(Handler handler, const Workflow* ticketed = nullptr) const;
  /// Only those who may inspect.
  [[nodiscard]] net::Handler admit_inspectors(net::Handler handler) const;
  /// A handler that gives tickets for streams of `workflow`, which must outlive it:
  /// `{"ticket":…,"expiresInMs":…}`.
  [[nodiscard]] net::Handler give_tickets(const Workflow& workflow) const;

  /// Everybody may do everything.
  [[nodiscard]] bool is_open() const { return policy_.is_open(); }

  [[nodiscard]] TokenLimits* limits() const { return limits_; }

  /// The requests that it has turned away so far.
  [[nodiscard]] const DenialCounts& denials() const { return *denials_; }

 private:
  Policy& policy_;
  TokenLimits* limits_;
  std::shared_ptr<DenialCounts> denials_;  // Of its handlers as well.
};

/// Lets everybody in.
[[nodiscard]] const Guard& open_guard();

}  // namespace regstream::access
