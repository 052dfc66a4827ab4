#pragma once

#include <cstdint>

namespace regstream::hub {

/// Where an id stands, by what the history holds of it.
enum class Standing : std::uint8_t {
  unknown,  ///< Nothing is known, and older messages may have said something.
  open,     ///< It goes on, or nothing was ever said of it.
  final,    ///< It has ended (`RegistrationView::is_final`).
};

/// What a message did to its id.
struct StandingChange {
  Standing before = Standing::unknown;
  Standing after = Standing::unknown;
  /// It is what has ended the id, or did so again: a late stage update after the final status is
  /// not.
  bool is_final_update = false;
};

}  // namespace regstream::hub
