#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "broker/history/history_command.hpp"
#include "broker/history/session_action.hpp"

namespace regstream::broker {

/// Asks the server behind each new connection who it is, before anything else is asked there. Where
/// servers take each other's place, the address alone does not tell which of them answers, and
/// whether it is a primary. Sans-I/O.
class Introductions {
 public:
  /// There is a new connection.
  void begin(LinkRole role);
  /// It is no more.
  void end(LinkRole role) noexcept;
  /// On which connection to ask next, by `AskIdentity`.
  [[nodiscard]] std::optional<LinkRole> poll();

  enum class Outcome : std::uint8_t {
    pending,  ///< Another reply is to come.
    primary,
    replica,
    unnamed,  ///< It does not say who it is.
  };
  /// One of the replies to that.
  [[nodiscard]] Outcome on_reply(LinkRole role, const HistoryReply& reply);
  /// Which server the connection leads to. It is another one after a start, and as another one's
  /// replica or primary. Empty: not known.
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
