#include "access/grant.hpp"

#include <variant>

#include <catch2/catch.hpp>
#include <regstream/workflow/registration.hpp>

#include "access/open_policy.hpp"

namespace regstream::access {
namespace {

TEST_CASE("a reach covers its ids or everything", "[access]") {
  const Reach some{.everything = false, .ids = {InstanceId{7}, InstanceId{42}}};
  CHECK(some.covers(InstanceId{42}));
  CHECK_FALSE(some.covers(InstanceId{8}));
  CHECK_FALSE(some.is_empty());
  const Reach all{.everything = true, .ids = {}};
  CHECK(all.covers(InstanceId{8}));
  CHECK_FALSE(all.is_empty());
  CHECK(Reach{}.is_empty());
  CHECK_FALSE(Reach{}.covers(InstanceId{8}));
}

TEST_CASE("a grant gives no rights for a workflow that it does not name", "[access]") {
  Grant grant;
  grant.workflows.push_back({.workflow = "card", .subscribe = {.everything = true, .ids = {}}});
  CHECK(grant.subscribe_to(registration_workflow()).is_empty());
  grant.workflows.push_back({.workflow = "registration", .publish = {.ids = {InstanceId{42}}}});
  CHECK(grant.subscribe_to(registration_workflow()).is_empty());
  CHECK(grant.publish_to(registration_workflow()).covers(InstanceId{42}));
}

TEST_CASE("an open gateway grants everything to everybody", "[access]") {
  OpenPolicy policy;
  GrantPtr grant;
  policy.authenticate({}, {}, nullptr,
                      [&grant](Policy::Decision decision) { grant = std::get<0>(decision); });
  REQUIRE(grant != nullptr);
  CHECK(grant->subscribe_to(registration_workflow()).everything);
  CHECK(grant->publish_to(registration_workflow()).everything);
  CHECK(grant->inspect);
  CHECK(grant->token.empty());
}

TEST_CASE("a gateway that is open to its machine refuses what a proxy forwards for another",
          "[access]") {
  OpenPolicy policy(OpenTo::this_machine);
  const auto status_of = [&policy](const char* name, const char* value) {
    net::Request request;
    request.set(name, value);
    int status = 200;
    policy.authenticate(request, {}, nullptr, [&status](const Policy::Decision& decision) {
      if (const auto* const denial = std::get_if<Denial>(&decision)) {
        status = static_cast<int>(denial->status);
      }
    });
    int ticket_status = 200;
    policy.issue_ticket(request, {}, registration_workflow(),
                        [&ticket_status](const std::variant<Ticket, Denial>& issued) {
                          if (const auto* const denial = std::get_if<Denial>(&issued)) {
                            ticket_status = static_cast<int>(denial->status);
                          }
                        });
    CHECK(status == ticket_status);
    return status;
  };
  CHECK(status_of("X-Forwarded-For", "192.0.2.1") == 421);
  CHECK(status_of("Forwarded", "for=192.0.2.1") == 421);
  CHECK(status_of("X-Forwarded-For", "127.0.0.1") == 200);
  CHECK(status_of("X-Forwarded-Proto", "https") == 200);
}

}  // namespace
}  // namespace regstream::access
