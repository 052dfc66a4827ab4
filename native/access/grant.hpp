#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <regstream/workflow/workflow.hpp>

/// Who may do what: tokens, and the claims in them.
namespace regstream::access {

/// Which instances of one workflow something is allowed for.
struct Reach {
  bool everything = false;
  /// In the order of `is_before`, each once. Empty with `everything`.
  std::vector<InstanceId> ids = {};

  [[nodiscard]] bool covers(const InstanceId& id) const;
  /// Nothing at all.
  [[nodiscard]] bool is_empty() const { return !everything && ids.empty(); }
};

/// What the bearer of a token may do, and for how long. Shared by the streams that it has opened.
struct Grant {
  struct Entry {
    std::string workflow;  ///< `Workflow::name`.
    Reach subscribe = {};
    Reach publish = {};
  };
  std::vector<Entry> workflows = {};  ///< Each name once. One that is not here: nothing.
  bool inspect = false;               ///< Metrics and health.
  /// Everybody's, at an open gateway: everything of every workflow, for ever.
  bool is_open = false;

  /// The token's `exp`, in milliseconds since the Unix epoch. Of an open gateway: 0.
  std::int64_t expires_timestamp_ms = 0;
  /// `exp` and the leeway for clocks that differ: nothing is served from then on. Of an open
  /// gateway: 0.
  std::int64_t ends_timestamp_ms = 0;
  /// Names the key that the token was verified by, so that its streams can be ended when it is
  /// withdrawn. Never used again for another key of the process. Of an open gateway: 0.
  std::uint64_t key = 0;
  /// Names the token in limits: a keyed hash, never what was sent. Tokens of one subject (`iss` and
  /// `sub`) have one name. Of an open gateway: empty.
  std::string token = {};

  [[nodiscard]] const Reach& subscribe_to(const Workflow& workflow) const;
  [[nodiscard]] const Reach& publish_to(const Workflow& workflow) const;

 private:
  [[nodiscard]] const Reach& reach(const Workflow& workflow, Reach Entry::*right) const;
};

using GrantPtr = std::shared_ptr<const Grant>;

/// Everything, for ever: what everybody may do at an open gateway.
[[nodiscard]] GrantPtr open_grant();

}  // namespace regstream::access
