#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/connection/connection.hpp>
#include <regstream/registration/view.hpp>
#include <regstream/workflow/workflow.hpp>

/// What `regstream watch` prints to pipes and files: a line for each change. A line is `TIME
/// SUBJECT TEXT`. TIME is UTC in ISO 8601. SUBJECT is the instance's id, or "stream". Text from
/// elsewhere is made `printable`.
namespace regstream::watch {

/// The changes between two views of one instance: a line for each stage that started or ended, then
/// one for the status. TIME is the update's timestamp, or `now_ms` if it has none.
///
///     2023-12-13T18:43:20.000Z 42 credit_check started (0 of 4): Asking the bureau
///     2023-12-13T18:43:21.200Z 42 credit_check completed after 1.2 s (1 of 4): No entries
///     2023-12-13T18:43:25.000Z 42 GRANTED after 5.0 s (4 of 4): Loan granted
///
/// If a snapshot has replaced a view with a gap, the first line says so.
[[nodiscard]] std::vector<std::string> lines_of_change(const RegistrationView& before,
                                                       const RegistrationView& after,
                                                       const Workflow& workflow,
                                                       std::int64_t now_ms);

/// The line for a change of the connection. Empty if the reader needs none: an attempt starts, a
/// stream replaces another one in time, or the caller closes the stream. `problem` is the failure's
/// sentence, or empty.
[[nodiscard]] std::string line_of_state(const StateChanged& change, bool was_connected,
                                        std::string_view problem, std::int64_t now_ms);

/// Updates of any instance may have been missed: the history was lost (`problem` is empty), or a
/// message can't be used.
[[nodiscard]] std::string line_of_gap(std::string_view problem, std::int64_t now_ms);

/// The instance's id as text.
[[nodiscard]] std::string name_of(const RegistrationView& view);

}  // namespace regstream::watch
