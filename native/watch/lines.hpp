#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/connection/connection.hpp>
#include <regstream/registration/view.hpp>
#include <regstream/workflow/workflow.hpp>

/// The plain form of `regstream watch`: a line for each thing that happens, for pipes and files. A
/// line is `TIME SUBJECT WHAT`, where TIME is UTC in ISO 8601, and SUBJECT the instance's id or
/// "stream". All text of others is `printable`.
namespace regstream::watch {

/// What changed between two views of one instance: a line for each stage that began or ended, then
/// one for the status. A line has the update's own time, and `now_ms` where that is not known.
///
///     2023-12-13T18:43:20.000Z 42 credit_check started (0 of 4): Asking the bureau
///     2023-12-13T18:43:21.200Z 42 credit_check completed after 1.2 s (1 of 4): No entries
///     2023-12-13T18:43:25.000Z 42 GRANTED after 5.0 s (4 of 4): Loan granted
///
/// Where a snapshot has replaced a view that had a gap, a line says so first.
[[nodiscard]] std::vector<std::string> lines_of_change(const RegistrationView& before,
                                                       const RegistrationView& after,
                                                       const Workflow& workflow,
                                                       std::int64_t now_ms);

/// What a change of the connection means for the reader; empty where it means nothing: an attempt
/// that begins, a stream that replaces another one in time, or the caller's own close. `problem` is
/// a failure's own sentence, or empty.
[[nodiscard]] std::string line_of_state(const StateChanged& change, bool was_connected,
                                        std::string_view problem, std::int64_t now_ms);

/// Updates may have been missed, of any instance: the history was lost, or a message is of no use,
/// for which `problem` is the session's sentence.
[[nodiscard]] std::string line_of_gap(std::string_view problem, std::int64_t now_ms);

/// The instance's id, for people.
[[nodiscard]] std::string name_of(const RegistrationView& view);

}  // namespace regstream::watch
