#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <regstream/connection/transitions.hpp>
#include <regstream/registration/view.hpp>
#include <regstream/time.hpp>
#include <regstream/workflow/workflow.hpp>

#include "watch/instances.hpp"

/// The form of `regstream watch` on a terminal: a few lines that are drawn again in their place.
/// Each is a function of what it shows and of the time. All text of others is `printable`, so only
/// this file commands the terminal.
namespace regstream::watch {

/// How the stream is.
struct Link {
  ConnectionState state = ConnectionState::idle;
  bool is_connected = false;
  bool was_connected = false;  ///< At any time before.
  std::string problem;         ///< A sentence about what went wrong last, or empty.
  std::uint64_t resets = 0;    ///< How often updates may have been missed.
};

/// What the terminal is like, and the time.
struct Terminal {
  std::size_t rows = 24;
  bool is_utf8 = true;  ///< Whether it shows more than ASCII.
  std::int64_t now_ms = 0;
  Duration utc_offset{};  ///< What local time is ahead of UTC.
};

using Frame = std::vector<std::string>;

/// One instance: its status, progress, each stage with its times, and the newest message.
/// `view.stages` is completed by the stages that the workflow declares.
[[nodiscard]] Frame frame_of_one(const RegistrationView& view, const Workflow& workflow,
                                 const Link& link, const Terminal& terminal);

/// All that have moved, a line each, the latest first: as many as the terminal has room for.
[[nodiscard]] Frame frame_of_all(const Instances& instances, const Workflow& workflow,
                                 const Link& link, const Terminal& terminal);

/// What draws `frame` where the frame before it stands, which had `lines_before` lines. Lines that
/// are too long for the terminal end at its edge. The cursor is left below the frame.
[[nodiscard]] std::string text_of_frame(const Frame& frame, std::size_t lines_before);

/// Whether a stage runs in it: then its frame changes with the time.
[[nodiscard]] bool is_running(const RegistrationView& view);
[[nodiscard]] bool is_any_running(const Instances& instances);

}  // namespace regstream::watch
