#include "access/claims.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <regstream/workflow/registration.hpp>

namespace regstream::access {
namespace {

using Catch::Contains;
using nlohmann::json;

const Workflow& cards() {
  static const Workflow workflow = [] {
    Workflow made = registration_workflow();
    made.name = "card";
    made.id_kind = IdKind::text;
    return made;
  }();
  return workflow;
}

std::string error_of(const json& claim, Grant& grant) {
  const auto error = read_rights({{"regstream", claim}}, {registration_workflow(), cards()}, grant);
  return error ? error->what : "";
}

std::string error_of(const json& claim) {
  Grant grant;
  return error_of(claim, grant);
}

Grant grant_of(const json& claim) {
  Grant grant;
  CHECK(error_of(claim, grant).empty());
  return grant;
}

TEST_CASE("rights are by workflow by id and each for itself", "[access]") {
  const Grant grant =
      grant_of({{"subscribe", {"registration:43", "registration:42", "registration:43", "card:*"}},
                {"publish", {"registration:42"}},
                {"inspect", true}});
  CHECK(grant.subscribe_to(registration_workflow()).ids == std::vector<InstanceId>{42, 43});
  CHECK_FALSE(grant.subscribe_to(registration_workflow()).everything);
  CHECK(grant.subscribe_to(cards()).everything);
  CHECK(grant.publish_to(registration_workflow()).covers(42));
  CHECK_FALSE(grant.publish_to(registration_workflow()).covers(43));
  CHECK(grant.publish_to(cards()).is_empty());
  CHECK(grant.inspect);
}

TEST_CASE("without the claim or with an empty one nothing is allowed", "[access]") {
  Grant grant;
  CHECK_FALSE(read_rights(json::object(), {registration_workflow()}, grant));
  CHECK(grant.subscribe_to(registration_workflow()).is_empty());
  CHECK_FALSE(grant.inspect);
  CHECK(grant_of(json::object()).workflows.empty());
  CHECK(grant_of({{"subscribe", json::array()}, {"other", 7}}).workflows.empty());
}

TEST_CASE("only a whole star stands for every id", "[access]") {
  const Grant grant = grant_of({{"subscribe", {"card:a*", "card:**", "card:*:", "card:a:b"}}});
  const Reach& reach = grant.subscribe_to(cards());
  CHECK_FALSE(reach.everything);
  CHECK(reach.ids.size() == 4);
  CHECK_FALSE(reach.covers(InstanceId{std::string{"ab"}}));
  CHECK(reach.covers(InstanceId{std::string{"a:b"}}));
  CHECK_THAT(error_of({{"subscribe", {"registration:4*"}}}), Contains("must be a number"));
  CHECK_THAT(error_of({{"subscribe", {"*"}}}), Contains("colon"));
  CHECK(grant_of({{"subscribe", {"*:*", "reg*:1"}}}).workflows.empty());
}

TEST_CASE("the star makes the ids beside it needless", "[access]") {
  const Grant grant =
      grant_of({{"subscribe", {"registration:1", "registration:*", "registration:2"}}});
  CHECK(grant.subscribe_to(registration_workflow()).everything);
  CHECK(grant.subscribe_to(registration_workflow()).ids.empty());
}

TEST_CASE("entries of workflows that are served elsewhere are ignored", "[access]") {
  CHECK(grant_of({{"subscribe", {"other:not an id here", "registration :1", ":1"}}})
            .workflows.empty());
}

TEST_CASE("a claim of another form is an error that says where", "[access]") {
  CHECK_THAT(error_of(json::array()), Contains("must be an object"));
  CHECK_THAT(error_of({{"subscribe", "registration:1"}}), Contains("in subscribe, an array"));
  CHECK_THAT(error_of({{"publish", {1}}}), Contains("in publish, an array"));
  CHECK_THAT(error_of({{"inspect", "yes"}}), Contains("true or false"));
  for (const char* const entry :
       {"registration:", "registration:0", "registration:-1", "registration:1.5", "registration: 1",
        "registration:9007199254740992"}) {
    CAPTURE(entry);
    CHECK_THAT(error_of({{"subscribe", {entry}}}), Contains("must be a number from 1"));
  }
  CHECK_THAT(error_of({{"subscribe", {"card:"}}}), Contains("1 to 128 bytes"));
}

TEST_CASE("a hundred different ids are allowed and then the star alone", "[access]") {
  json ids = json::array();
  for (int id = 1; id <= 100; ++id) {
    ids.push_back("registration:" + std::to_string(id));
    ids.push_back("registration:" + std::to_string(id));
  }
  CHECK(grant_of({{"subscribe", ids}, {"publish", ids}})
            .subscribe_to(registration_workflow())
            .ids.size() == 100);
  ids.push_back("registration:101");
  CHECK_THAT(error_of({{"publish", ids}}),
             Contains("more than 100 ids of registration to publish"));
  ids.push_back("registration:*");
  CHECK(grant_of({{"publish", ids}}).publish_to(registration_workflow()).everything);
}

}  // namespace
}  // namespace regstream::access
