#include "access/guard.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <regstream/workflow/registration.hpp>

#include "net/router.hpp"
#include "net_recorder.hpp"

using namespace regstream;
using namespace regstream::access;
namespace http = boost::beast::http;
using Json = nlohmann::json;

namespace {

/// Decides what it is told, at once or when `decide_later` is called.
class ToldPolicy final : public Policy {
 public:
  void authenticate(const net::Request& /*request*/, const net::Target& /*target*/,
                    const Workflow* ticketed, Handler decided) override {
    asked_ticketed = ticketed;
    if (is_late) {
      waiting = std::move(decided);
    } else {
      decided(decision);
    }
  }
  void issue_ticket(const net::Request& /*request*/, const net::Target& /*target*/,
                    const Workflow& /*workflow*/, TicketHandler done) override {
    done(ticket);
  }
  [[nodiscard]] bool is_open() const override { return false; }

  Decision decision = open_grant();
  std::variant<Ticket, Denial> ticket = Ticket{.text = "abc", .lifetime = std::chrono::seconds(30)};
  bool is_late = false;
  Handler waiting;
  const Workflow* asked_ticketed = nullptr;
};

struct Bench {
  ToldPolicy policy;
  Guard guard{policy};
  net::Router router;
  std::shared_ptr<net::Recorder> recorder = std::make_shared<net::Recorder>();

  void ask(net::Handler handler) {
    router.add(http::verb::get, "/", std::move(handler));
    router.route(net::make_exchange(recorder, http::verb::get, "/"));
  }
  [[nodiscard]] const net::Response& answer() const { return recorder->answer.value(); }
};

void respond_ok(net::Exchange exchange, const GrantPtr& /*grant*/) {
  exchange.respond_json(http::status::ok, "{}");
}

void unexpected(const net::Exchange& /*exchange*/, const GrantPtr& /*grant*/) {
  FAIL("a request was let in");
}

}  // namespace

TEST_CASE("A request whose credentials count reaches its handler with what they allow") {
  Bench bench;
  const auto grant = std::make_shared<Grant>();
  bench.policy.decision = GrantPtr(grant);
  GrantPtr given;
  bench.ask(bench.guard.admit(
      [&given](net::Exchange exchange, GrantPtr got) {
        given = std::move(got);
        exchange.respond_json(http::status::ok, "{}");
      },
      &registration_workflow()));
  CHECK(given == grant);
  CHECK(bench.policy.asked_ticketed == &registration_workflow());
  CHECK(bench.answer().result() == http::status::ok);
}

TEST_CASE("A request without credentials gets a challenge without an error code") {
  Bench bench;
  bench.policy.decision = Denial{.detail = "This needs a token."};
  bench.ask(bench.guard.admit(unexpected));
  CHECK(bench.answer().result() == http::status::unauthorized);
  CHECK(bench.answer()[http::field::www_authenticate] == R"(Bearer realm="regstream")");
  CHECK(bench.answer()[http::field::cache_control] == "no-store");
  CHECK(bench.answer()[http::field::content_type] == "application/problem+json");
}

TEST_CASE("Invalid credentials are answered as RFC 6750 says") {
  const auto [status, error] =
      GENERATE(table<http::status, std::string>({{http::status::bad_request, "invalid_request"},
                                                 {http::status::unauthorized, "invalid_token"},
                                                 {http::status::forbidden, "insufficient_scope"}}));
  Bench bench;
  bench.policy.decision =
      Denial{.status = status, .error = error, .detail = "A \"word\"\\\r\nX: y\xc3\xa9"};
  bench.ask(bench.guard.admit(unexpected));
  CHECK(bench.answer().result() == status);
  CHECK(bench.answer()[http::field::www_authenticate] ==
        R"(Bearer realm="regstream", error=")" + error +
            R"(", error_description="A ?word????X: y??")");
  CHECK(Json::parse(bench.answer().body()).at("status") == static_cast<unsigned>(status));
}

TEST_CASE("A fault that is not the request's has no challenge and says when to come back") {
  Bench bench;
  bench.policy.decision = Denial{.status = http::status::service_unavailable,
                                 .detail = "Tickets can't be read.",
                                 .retry_after = std::chrono::seconds(2)};
  bench.ask(bench.guard.admit(unexpected));
  CHECK(bench.answer().result() == http::status::service_unavailable);
  CHECK(bench.answer().count(http::field::www_authenticate) == 0);
  CHECK(bench.answer()[http::field::retry_after] == "2");
}

TEST_CASE("A request waits for a late decision and routes may be added meanwhile") {
  Bench bench;
  bench.policy.is_late = true;
  bench.ask(bench.guard.admit(respond_ok));
  CHECK_FALSE(bench.recorder->answer);
  for (int count = 0; count < 100; ++count) {
    bench.router.add(http::verb::post, "/", bench.guard.admit(unexpected));
  }
  std::exchange(bench.policy.waiting, nullptr)(open_grant());
  CHECK(bench.answer().result() == http::status::ok);
}

TEST_CASE("A request whose decision never comes is answered as any that is forgotten") {
  Bench bench;
  bench.policy.is_late = true;
  bench.ask(bench.guard.admit(unexpected));
  bench.policy.waiting = nullptr;
  CHECK(bench.answer().result() == http::status::internal_server_error);
}

TEST_CASE("Only a token with the right to inspect reaches inspecting routes") {
  Bench bench;
  const bool may_inspect = GENERATE(true, false);
  auto grant = std::make_shared<Grant>();
  grant->inspect = may_inspect;
  bench.policy.decision = GrantPtr(grant);
  bench.ask(bench.guard.admit_inspectors(
      [](net::Exchange exchange) { exchange.respond_json(http::status::ok, "{}"); }));
  CHECK(bench.answer().result() == (may_inspect ? http::status::ok : http::status::forbidden));
}

TEST_CASE("A ticket is answered as JSON that caches don't store") {
  Bench bench;
  bench.ask(bench.guard.give_tickets(registration_workflow()));
  CHECK(bench.answer().result() == http::status::ok);
  CHECK(bench.answer()[http::field::cache_control] == "no-store");
  CHECK(bench.answer().body() == R"({"ticket":"abc","expiresInMs":30000})");
}

TEST_CASE("A ticket that is refused is answered as any other refusal") {
  Bench bench;
  bench.policy.ticket = Denial{.error = "invalid_token", .detail = "The token has expired."};
  bench.ask(bench.guard.give_tickets(registration_workflow()));
  CHECK(bench.answer().result() == http::status::unauthorized);
  CHECK(bench.answer().count(http::field::www_authenticate) == 1);
}

TEST_CASE("Denied requests and denied tickets are counted by reason") {
  Bench bench;
  const Denial expired{.detail = "The token has expired.", .reason = DenialReason::expired};
  bench.policy.decision = expired;
  bench.policy.ticket = expired;
  bench.ask(bench.guard.admit(unexpected));
  bench.router.add(http::verb::post, "/tickets", bench.guard.give_tickets(registration_workflow()));
  bench.router.route(net::make_exchange(bench.recorder, http::verb::post, "/tickets"));
  CHECK(bench.guard.denials().of(DenialReason::expired) == 2);
  CHECK(bench.guard.denials().of(DenialReason::no_token) == 0);
}

TEST_CASE("Valid credentials that don't suffice are not counted as denials") {
  Bench bench;
  bench.policy.decision = Denial{.status = http::status::forbidden, .error = "insufficient_scope"};
  bench.ask(bench.guard.admit(unexpected));
  for (std::size_t reason = 0; reason < denial_reason_names.size(); ++reason) {
    CHECK(bench.guard.denials().of(static_cast<DenialReason>(reason)) == 0);
  }
}
