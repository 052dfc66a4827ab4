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

/// What `regstream watch` draws on a terminal: a few lines, redrawn in place. Frames are functions
/// of what they show and of the time. Text from elsewhere is made `printable`, so only this file
/// sends control sequences.
namespace regstream::watch {

/// The state of the stream.
struct Link {
  ConnectionState state = ConnectionState::idle;
  bool is_connected = false;
  bool was_connected = false;  ///< At any time before.
  std::string problem;         ///< A sentence about the last failure, or empty.
  std::uint64_t resets = 0;    ///< How often updates may have been missed.
};

/// The terminal, and the time.
struct Terminal {
  std::size_t rows = 24;
  bool is_utf8 = true;  ///< Whether it shows more than ASCII.
  std::int64_t now_ms = 0;
  Duration utc_offset{};  ///< Local time minus UTC.
};

using Frame = std::vector<std::string>;

/// One instance: its status, progress, each stage with its times, and the newest message. Declared
/// stages that `view` lacks are shown as pending.
[[nodiscard]] Frame frame_of_one(const RegistrationView& view, const Workflow& workflow,
                                 const Link& link, const Terminal& terminal);

/// All instances that have changed, one line each, the latest first, as many as fit on the
/// terminal.
[[nodiscard]] Frame frame_of_all(const Instances& instances, const Workflow& workflow,
                                 const Link& link, const Terminal& terminal);

/// The text that draws `frame` over the previous frame, which had `lines_before` lines. The
/// terminal cuts lines that are too long. The cursor ends below the frame.
[[nodiscard]] std::string text_of_frame(const Frame& frame, std::size_t lines_before);

/// Whether a stage is running. If so, the frame changes with the time.
[[nodiscard]] bool is_running(const RegistrationView& view);
[[nodiscard]] bool is_any_running(const Instances& instances);

}  // namespace regstream::watch
