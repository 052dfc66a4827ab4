#pragma once

#include <cstdint>

namespace regstream::hub {

/// Where an id stands, by what the history holds about it.
enum class Standing : std::uint8_t {
  unknown,  ///< Nothing is known, though older messages may have existed.
  open,     ///< It goes on, or it has no message yet.
  final,    ///< It has ended (`RegistrationView::is_final`).
};

/// How a message changed the standing of its id.
struct StandingChange {
  Standing before = Standing::unknown;
  Standing after = Standing::unknown;
  /// The message ended the id, or ended it again. A late stage update after the final status does
  /// not.
  bool is_final_update = false;
};

}  // namespace regstream::hub
