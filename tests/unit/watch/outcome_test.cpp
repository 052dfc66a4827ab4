#include "watch/outcome.hpp"

#include "folded_updates.hpp"

using namespace regstream;
using namespace regstream::watch;

namespace {

std::optional<Outcome> outcome_after(const std::string& members) {
  Registration registration(42);
  registration.apply(update_of(42, members));
  return outcome_of(registration.view(), registration_workflow());
}

}  // namespace

TEST_CASE("a final status is an outcome, by what its workflow says of it") {
  CHECK(outcome_after(final_members("APPROVED", 0, "m")) == Outcome::final);
  CHECK(outcome_after(final_members("DUPLICATE", 0, "m")) == Outcome::final);
  CHECK(outcome_after(final_members("COMPLETED", 0, "m")) == Outcome::final);
  CHECK(outcome_after(final_members("FAILED", 0, "m")) == Outcome::failed);
  CHECK_FALSE(outcome_after(final_members("PENDING", 0, "m")));
  CHECK_FALSE(outcome_after(final_members("ON_HOLD", 0, "m")));
  CHECK_FALSE(outcome_after(stage_members("t24_lookup", "failed", 0, "m")));
  CHECK_FALSE(outcome_of(RegistrationView{}, registration_workflow()));
}

TEST_CASE(
    "a stream that the server refuses, or wants no more, is an outcome, and the caller's close is "
    "not") {
  CHECK(outcome_of(ConnectionReason::forbidden) == Outcome::refused);
  CHECK(outcome_of(ConnectionReason::unauthorized) == Outcome::refused);
  CHECK(outcome_of(ConnectionReason::refused_for_good) == Outcome::refused);
  CHECK(outcome_of(ConnectionReason::token_denied) == Outcome::refused);
  CHECK(outcome_of(ConnectionReason::told_to_stop) == Outcome::refused);
  CHECK_FALSE(outcome_of(ConnectionReason::requested));
}
