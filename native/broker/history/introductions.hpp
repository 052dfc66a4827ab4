#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "broker/history/history_command.hpp"
#include "broker/history/session_action.hpp"

namespace regstream::broker {

/// Asks the server behind each new connection who it is, before anything else. Where servers may
/// take each other's place, the address alone does not tell which server answers, and whether it is
/// a primary. Sans-I/O.
class Introductions {
 public:
  /// There is a new connection.
  void begin(LinkRole role);
  /// The connection is gone.
  void end(LinkRole role) noexcept;
  /// The connection on which to send `AskIdentity` next.
  [[nodiscard]] std::optional<LinkRole> poll();

  enum class Outcome : std::uint8_t {
    pending,  ///< Another reply will follow.
    primary,
    replica,
    unnamed,  ///< The server does not identify itself.
  };
  /// Handles one of the replies to `AskIdentity`.
  [[nodiscard]] Outcome on_reply(LinkRole role, const HistoryReply& reply);
  /// The server that the connection leads to. It counts as another server after a restart, and
  /// after it becomes a replica or a primary. Empty: not known.
  [[nodiscard]] const std::string& server(LinkRole role) const { return at(role).server; }

 private:
  struct Introduction {
    bool is_wanted = false;
    std::size_t replies = 0;
    ServerIdentity told;
    std::string server;
  };
  [[nodiscard]] Introduction& at(LinkRole role) {
    return introductions_.at(static_cast<std::size_t>(role));
  }
  [[nodiscard]] const Introduction& at(LinkRole role) const {
    return introductions_.at(static_cast<std::size_t>(role));
  }

  std::array<Introduction, link_roles_count> introductions_;
};

}  // namespace regstream::broker
