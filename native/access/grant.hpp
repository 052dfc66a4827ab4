#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <regstream/workflow/workflow.hpp>

/// Who may do what: tokens and their claims.
namespace regstream::access {

/// The instances of one workflow that a right covers.
struct Reach {
  bool everything = false;
  /// Ordered by `is_before`, without duplicates. Empty with `everything`.
  std::vector<InstanceId> ids = {};

  [[nodiscard]] bool covers(const InstanceId& id) const;
  /// Covers nothing.
  [[nodiscard]] bool is_empty() const { return !everything && ids.empty(); }
};

/// What the bearer of a token may do, and for how long. Shared by the streams that it opened.
struct Grant {
  struct Entry {
    std::string workflow;  ///< `Workflow::name`.
    Reach subscribe = {};
    Reach publish = {};
  };
  std::vector<Entry> workflows = {};  ///< Each name once. A missing workflow: no rights.
  bool inspect = false;               ///< Metrics and health.
  /// Everyone's grant at an open gateway: everything of every workflow, for ever.
  bool is_open = false;

  /// The token's `exp`, in milliseconds since the Unix epoch. Open gateway: 0.
  std::int64_t expires_timestamp_ms = 0;
  /// `exp` plus the leeway for clocks that differ. Nothing is served afterwards. Open gateway: 0.
  std::int64_t ends_timestamp_ms = 0;
  /// Identifies the key that verified the token, so that its streams end when it is withdrawn. The
  /// process never reuses the number. Open gateway: 0.
  std::uint64_t key = 0;
  /// Identifies the token for limits: a keyed hash, never the token itself. Tokens of one subject
  /// (`iss` and `sub`) share it. Open gateway: empty.
  std::string token = {};

  [[nodiscard]] const Reach& subscribe_to(const Workflow& workflow) const;
  [[nodiscard]] const Reach& publish_to(const Workflow& workflow) const;

 private:
  [[nodiscard]] const Reach& reach(const Workflow& workflow, Reach Entry::*right) const;
};

using GrantPtr = std::shared_ptr<const Grant>;

/// The grant of an open gateway: everything, for ever.
[[nodiscard]] GrantPtr open_grant();

}  // namespace regstream::access
