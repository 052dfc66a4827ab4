#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "gateway/stream_request.hpp"

using namespace regstream;
using namespace regstream::gateway;

namespace {

const access::Reach some{.everything = false, .ids = {41, 42}};
const access::Reach all{.everything = true, .ids = {}};

}  // namespace

TEST_CASE("A token for everything gets the request unchanged") {
  hub::SubscriptionRequest of_all;
  CHECK_FALSE(limit_to_reach(of_all, all));
  CHECK(of_all.ids.empty());
  hub::SubscriptionRequest of_one{.ids = {7}};
  CHECK_FALSE(limit_to_reach(of_one, all));
  CHECK(of_one.ids.size() == 1);
}

TEST_CASE("A stream of all ids is limited to the ids that a token lists") {
  hub::SubscriptionRequest request{.cursor = "1-2"};
  CHECK_FALSE(limit_to_reach(request, some));
  REQUIRE(request.ids.size() == 2);
  CHECK(request.ids[0].number == 41);
  CHECK(request.ids[1].number == 42);
  CHECK(request.cursor == "1-2");
}

TEST_CASE("Each requested id must be allowed and the refusal doesn't say which one is not") {
  hub::SubscriptionRequest within{.ids = {42}};
  CHECK_FALSE(limit_to_reach(within, some));
  hub::SubscriptionRequest outside{.ids = {43}};
  hub::SubscriptionRequest one_outside{.ids = {41, 42, 43}};
  CHECK(limit_to_reach(outside, some));
  CHECK(limit_to_reach(outside, some) == limit_to_reach(one_outside, some));
}

TEST_CASE("A token for nothing gets no stream") {
  hub::SubscriptionRequest of_all;
  CHECK(limit_to_reach(of_all, access::Reach()));
  hub::SubscriptionRequest of_one{.ids = {42}};
  CHECK(limit_to_reach(of_one, access::Reach()));
}
