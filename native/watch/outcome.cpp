#include "watch/outcome.hpp"

namespace regstream::watch {

std::optional<Outcome> outcome_of(const RegistrationView& view, const Workflow& workflow) {
  if (!view.is_final) {
    return std::nullopt;
  }
  return workflow.kind_of(view.status) == StatusKind::failed ? Outcome::failed : Outcome::final;
}

std::optional<Outcome> outcome_of(ConnectionReason reason) {
  const bool is_refused =
      outlook(reason) == Outlook::failed || reason == ConnectionReason::told_to_stop;
  return is_refused ? std::optional{Outcome::refused} : std::nullopt;
}

}  // namespace regstream::watch
