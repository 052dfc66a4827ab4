#include "access/token_policy.hpp"

#include <chrono>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <regstream/workflow/registration.hpp>

#include "access/ticket_book.hpp"
#include "net/target.hpp"
#include "signer.hpp"
#include "temporary_folder.hpp"

namespace regstream::access {
namespace {

using boost::beast::http::status;
using Catch::Contains;
using nlohmann::json;
using Kind = KeySource::Kind;
using test::ec_signer, test::jwks, test::rsa_signer;

const Workflow& registration = registration_workflow();

/// Expires in ten minutes by the system's clock, which the policy asks.
json payload(json members = json::object()) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  members.emplace("exp", now.count() + 600);
  members.emplace("regstream", json{{"subscribe", {"registration:42"}}});
  return members;
}

net::Request with_token(const std::string& token) {
  net::Request request;
  request.set("Authorization", "Bearer " + token);
  return request;
}

std::string write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  return path.string();
}

/// A store that always refuses, for a given reason.
class AwayStore final : public TicketStore {
 public:
  explicit AwayStore(KeepResult why = StoreAway{}) : why_(why) {}

  void keep(const Workflow& /*workflow*/, const std::string& /*name*/, std::string /*sealed*/,
            KeepHandler done) override {
    done(why_);
  }
  void redeem(const Workflow& /*workflow*/, const std::string& /*name*/,
              RedeemHandler done) override {
    done(StoreAway{});
  }

 private:
  KeepResult why_;
};

/// A policy by a URL whose answers the test gives, or by files.
struct World {
  explicit World(std::vector<KeySource> keys = {{Kind::jwks_url, "https://bank/keys"}},
                 TicketStore* other_tickets = nullptr)
      : policy(context, {.keys = std::move(keys)}, {registration},
               other_tickets == nullptr ? tickets : *other_tickets,
               [this](const std::string& url, std::function<void(FetchResult)> done) {
                 asked.push_back(url);
                 answers.push_back(std::move(done));
               }) {
    policy.on_withdrawn([this](std::uint64_t key) { withdrawn.push_back(key); });
    run();
  }

  void run() {
    context.restart();
    context.poll();
  }
  void answer(const FetchResult& result) {
    auto done = std::move(answers.back());
    answers.pop_back();
    done(result);
    run();
  }

  /// The status that the request gets, 200 for a grant; 0: it waits.
  unsigned ask(const net::Request& request, const std::string& target = "/stream") {
    decision.reset();
    policy.authenticate(request, net::parse_target(target).value(), &registration,
                        [this](Policy::Decision made) { decision = std::move(made); });
    run();
    return status_of_decision();
  }
  [[nodiscard]] unsigned status_of_decision() const {
    if (!decision) {
      return 0;
    }
    const auto* const denial = std::get_if<Denial>(&*decision);
    return denial == nullptr ? 200 : static_cast<unsigned>(denial->status);
  }
  [[nodiscard]] const Denial& denial() const { return std::get<Denial>(*decision); }
  [[nodiscard]] const Grant& grant() const { return *std::get<GrantPtr>(*decision); }

  std::variant<Ticket, Denial> ticket(const net::Request& request,
                                      const std::string& target = "/stream/tickets") {
    std::optional<std::variant<Ticket, Denial>> result;
    policy.issue_ticket(
        request, net::parse_target(target).value(), registration,
        [&result](std::variant<Ticket, Denial> given) { result = std::move(given); });
    run();
    return result.value();
  }
  unsigned ticket_status(const net::Request& request,
                         const std::string& target = "/stream/tickets") {
    const auto result = ticket(request, target);
    const auto* const refused = std::get_if<Denial>(&result);
    return refused == nullptr ? 200 : static_cast<unsigned>(refused->status);
  }

  boost::asio::io_context context;
  EmbeddedTicketStore tickets;
  std::vector<std::string> asked;
  std::vector<std::function<void(FetchResult)>> answers;
  std::vector<std::uint64_t> withdrawn;
  std::optional<Policy::Decision> decision;
  TokenPolicy policy;
};

FetchedKeys set_of(std::initializer_list<json> keys) {
  return {.text = jwks(keys)};
}

const json ec_a = ec_signer().jwk({{"kid", "a"}});
const json rsa_b = rsa_signer().jwk({{"kid", "b"}});

std::string token_a(json members = json::object()) {
  return ec_signer().token(payload(std::move(members)), {{"kid", "a"}});
}

TEST_CASE("a request is granted what its token says", "[access]") {
  World world;
  REQUIRE(world.asked == std::vector<std::string>{"https://bank/keys"});
  world.answer(set_of({ec_a}));
  CHECK(world.ask(with_token(token_a())) == 200);
  CHECK(world.grant().subscribe_to(registration).covers(InstanceId{42}));
  net::Request by_cookie;
  by_cookie.set("Cookie", "__Host-regstream=" + token_a());
  CHECK(world.ask(by_cookie) == 200);
}

TEST_CASE("a denial follows RFC 6750", "[access]") {
  World world;
  world.answer(set_of({ec_a}));
  CHECK(world.ask({}) == 401);
  CHECK(world.denial().error.empty());
  CHECK(world.ask(with_token("a.b.c")) == 401);
  CHECK(world.denial().error == "invalid_token");
  CHECK(world.ask(with_token(token_a({{"exp", 1}}))) == 401);
  CHECK_THAT(world.denial().detail, Contains("expired"));
  CHECK(world.ask(with_token(token_a()), "/stream?access_token=x") == 400);
  CHECK(world.denial().error == "invalid_request");
  CHECK(world.ask(with_token(ec_signer().token(payload(), {{"kid", "other"}}))) == 401);
  CHECK_THAT(world.denial().detail, Contains("key is unknown here"));
}

TEST_CASE("each denial has its reason for monitoring", "[access]") {
  World world;
  CHECK(world.ask(with_token(token_a())) == 0);
  world.answer(FetchError{"bank is away"});
  CHECK(world.denial().reason == DenialReason::keys_unavailable);
  CHECK(world.policy.reload().empty());
  world.run();
  world.answer(set_of({ec_a, rsa_b}));

  const auto reason_of = [&world](const net::Request& request,
                                  const std::string& target = "/stream") {
    world.ask(request, target);
    return world.denial().reason;
  };
  const auto signed_by_a = [](const json& header) {
    return with_token(ec_signer().token(payload(), header));
  };
  const auto of_claims = [](json members) { return with_token(token_a(std::move(members))); };
  std::string forged = token_a();
  forged.replace(forged.rfind('.') + 1, 4, forged.ends_with("AAAA") ? "BBBB" : "AAAA");
  CHECK(reason_of({}) == DenialReason::no_token);
  CHECK(reason_of(with_token(token_a()), "/stream?ticket=x") == DenialReason::bad_request);
  CHECK(reason_of(with_token("a.b.c")) == DenialReason::malformed);
  CHECK(reason_of(signed_by_a({{"kid", "other"}})) == DenialReason::unknown_key);
  CHECK(reason_of(signed_by_a({{"kid", "b"}})) == DenialReason::wrong_algorithm);
  CHECK(reason_of(with_token(forged)) == DenialReason::bad_signature);
  CHECK(reason_of(of_claims({{"exp", 1}})) == DenialReason::expired);
  CHECK(reason_of(of_claims({{"nbf", 32'503'680'000}})) == DenialReason::not_yet_valid);
  CHECK(reason_of(of_claims({{"iat", 32'503'680'000}})) == DenialReason::not_yet_valid);
  CHECK(reason_of(of_claims({{"exp", "soon"}})) == DenialReason::invalid_claims);
  CHECK(reason_of(of_claims({{"regstream", 1}})) == DenialReason::invalid_claims);
  CHECK(reason_of({}, "/stream?ticket=AAAAAAAAAAAAAAAAAAAAAA") == DenialReason::invalid_ticket);
}

TEST_CASE("a valid token that does not suffice is not counted as a denial", "[access]") {
  World world;
  world.answer(set_of({ec_a}));
  const auto refused = world.ticket(with_token(token_a({{"regstream", json::object()}})));
  CHECK(std::get<Denial>(refused).status == status::forbidden);
  CHECK_FALSE(std::get<Denial>(refused).reason);
}

TEST_CASE("a request waits for the keys that are being fetched", "[access]") {
  World world;
  CHECK(world.ask(with_token(token_a())) == 0);
  world.answer(set_of({ec_a}));
  CHECK(world.status_of_decision() == 200);
}

TEST_CASE(
    "while keys can't be fetched a request is told to come back, and not that its token is wrong",
    "[access]") {
  World world;
  CHECK(world.ask(with_token(token_a())) == 0);
  world.answer(FetchError{"bank is away"});
  CHECK(world.status_of_decision() == 503);
  CHECK(world.denial().retry_after.has_value());
  CHECK(world.denial().error.empty());
  CHECK(world.ask(with_token(token_a())) == 503);
}

TEST_CASE("a limited number of requests wait for keys and others get 503", "[access]") {
  World world;
  int waiting = 0;
  int refused = 0;
  const auto request = with_token(token_a());
  for (std::size_t next = 0; next < access_limits.waiting_max + 1; ++next) {
    world.policy.authenticate(request, {}, nullptr, [&](const Policy::Decision& decision) {
      ++(std::holds_alternative<GrantPtr>(decision) ? waiting : refused);
    });
  }
  CHECK(refused == 1);
  world.answer(set_of({ec_a}));
  CHECK(waiting == 1000);
}

TEST_CASE("a withdrawn key is reported by the number in its grants", "[access]") {
  World world;
  world.answer(set_of({ec_a, rsa_b}));
  CHECK(world.ask(with_token(token_a())) == 200);
  const auto key = world.grant().key;
  CHECK(world.policy.reload().empty());
  world.run();
  REQUIRE(world.asked.size() == 2);
  world.answer(set_of({rsa_b}));
  CHECK(world.withdrawn == std::vector{key});
  CHECK(world.ask(with_token(token_a())) == 401);
}

TEST_CASE("a reload with a bad file keeps the keys and says what is bad", "[access]") {
  const test::TemporaryFolder folder;
  const auto path = write(folder / "key.pem", ec_signer().public_pem());
  World world({{Kind::key_file, path}});
  CHECK(world.ask(with_token(token_a())) == 200);
  const auto key = world.grant().key;
  write(folder / "key.pem", ec_signer().private_pem());
  const auto problems = world.policy.reload();
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems.front(), Contains("key.pem") && Contains("private"));
  // The option's kind applies to every reading: no file turns into a secret.
  write(folder / "key.pem", "a line that somebody else may have written");
  CHECK_THAT(world.policy.reload().at(0), Contains("key.pem") && Contains("BEGIN PUBLIC KEY"));
  CHECK(world.ask(with_token(token_a())) == 200);
  write(folder / "key.pem", rsa_signer().public_pem());
  CHECK(world.policy.reload().empty());
  CHECK(world.withdrawn == std::vector{key});
  CHECK(world.ask(with_token(token_a())) == 401);
  CHECK(world.ask(with_token(rsa_signer().token(payload()))) == 200);
}

TEST_CASE("a policy does not begin without keys", "[access]") {
  const auto begin = [](std::vector<KeySource> keys) { World world(std::move(keys)); };
  CHECK_THROWS_WITH(begin({}), Contains("needs a key"));
  CHECK_THROWS_WITH(begin({{Kind::key_file, "/nowhere"}}), Contains("/nowhere"));
  CHECK_THROWS_WITH(begin({{Kind::jwks_url, "http://bank/keys"}}), Contains("https://"));
  CHECK_THROWS_WITH(begin({{Kind::jwks_url, "https://me:secret@bank/keys"}}), !Contains("secret"));
}

TEST_CASE("a ticket is worth its token once", "[access]") {
  World world;
  world.answer(set_of({ec_a}));
  const auto given = world.ticket(with_token(token_a()));
  const auto& ticket = std::get<Ticket>(given);
  CHECK(ticket.lifetime == std::chrono::seconds{30});
  CHECK(world.ask({}, "/stream?ticket=" + ticket.text) == 200);
  CHECK(world.grant().subscribe_to(registration).covers(InstanceId{42}));
  const std::string name = world.grant().token;
  CHECK(world.ask(with_token(token_a())) == 200);
  CHECK(world.grant().subscribe_to(registration).ids.size() == 1);
  CHECK_FALSE(name.empty());
  CHECK(world.ask({}, "/stream?ticket=" + ticket.text) == 401);
  CHECK(world.denial().error == "invalid_token");
  CHECK_THAT(world.denial().detail, Contains("ticket") && !Contains(ticket.text));
}

TEST_CASE("tickets of a token share its name in limits", "[access]") {
  World world;
  world.answer(set_of({ec_a}));
  const auto token = token_a();
  CHECK(world.ask(with_token(token)) == 200);
  const std::string name = world.grant().token;
  const auto given = world.ticket(with_token(token));
  CHECK(world.ask({}, "/stream?ticket=" + std::get<Ticket>(given).text) == 200);
  CHECK(world.grant().token == name);
}

TEST_CASE("a ticket is refused once the key of its token is withdrawn", "[access]") {
  World world;
  world.answer(set_of({ec_a, rsa_b}));
  const auto given = world.ticket(with_token(token_a()));
  CHECK(world.policy.reload().empty());
  world.run();
  world.answer(set_of({rsa_b}));
  CHECK(world.ask({}, "/stream?ticket=" + std::get<Ticket>(given).text) == 401);
}

TEST_CASE("tickets are given for a token that may subscribe and for nothing else", "[access]") {
  World world;
  world.answer(set_of({ec_a}));
  CHECK(world.ticket_status({}) == 401);
  CHECK(world.ticket_status(with_token("a.b.c")) == 401);
  CHECK(world.ticket_status(
            with_token(token_a({{"regstream", {{"publish", {"registration:*"}}}}}))) == 403);
  CHECK(world.ticket_status(with_token(token_a({{"regstream", {{"subscribe", {"card:*"}}}}}))) ==
        403);
  const auto given = world.ticket(with_token(token_a()));
  CHECK(world.ticket_status({}, "/stream/tickets?ticket=" + std::get<Ticket>(given).text) == 400);
}

TEST_CASE("a made-up ticket is refused", "[access]") {
  World world;
  world.answer(set_of({ec_a}));
  for (const char* const ticket :
       {"", "x", "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAB", "..%2F..%2F"}) {
    CHECK(world.ask({}, std::string("/stream?ticket=") + ticket) == 401);
  }
}

TEST_CASE("while the store is away tickets are a 503 and tokens are accepted", "[access]") {
  AwayStore away;
  World world({{Kind::jwks_url, "https://bank/keys"}}, &away);
  world.answer(set_of({ec_a}));
  CHECK(world.ask({}, "/stream?ticket=AAAAAAAAAAAAAAAAAAAAAA") == 503);
  CHECK(world.denial().reason == DenialReason::tickets_unavailable);
  CHECK(world.denial().retry_after.has_value());
  CHECK(world.ticket_status(with_token(token_a())) == 503);
  CHECK(world.ask(with_token(token_a())) == 200);
}

TEST_CASE("while the store is full a request for a ticket gets 429 with a time", "[access]") {
  AwayStore full(StoreFull{Duration{1'500}});
  World world({{Kind::jwks_url, "https://bank/keys"}}, &full);
  world.answer(set_of({ec_a}));
  const auto result = world.ticket(with_token(token_a()));
  const auto& refused = std::get<Denial>(result);
  CHECK(refused.status == status::too_many_requests);
  CHECK(refused.retry_after == std::chrono::seconds{2});
  CHECK(refused.reason == DenialReason::tickets_unavailable);
}

TEST_CASE("a renewed token gets no additional tickets", "[access]") {
  World world;
  world.answer(set_of({ec_a}));
  for (std::size_t next = 0; next < access_limits.tickets_of_token_max; ++next) {
    REQUIRE(world.ticket_status(with_token(token_a({{"sub", "a"}, {"jti", next}}))) == 200);
  }
  CHECK(world.ticket_status(with_token(token_a({{"sub", "a"}, {"jti", "new"}}))) == 429);
  CHECK(world.ticket_status(with_token(token_a({{"sub", "b"}}))) == 200);
}

TEST_CASE("a token gets a number of tickets and then has to wait", "[access]") {
  World world;
  world.answer(set_of({ec_a}));
  const auto request = with_token(token_a());
  for (std::size_t next = 0; next < access_limits.tickets_of_token_max; ++next) {
    REQUIRE(world.ticket_status(request) == 200);
  }
  const auto result = world.ticket(request);
  const auto& refused = std::get<Denial>(result);
  CHECK(refused.status == status::too_many_requests);
  CHECK(refused.retry_after.has_value());
  CHECK_FALSE(refused.reason);
  CHECK(world.policy.tickets_refused() == 1);
  CHECK(world.ticket_status(with_token(token_a({{"jti", "other"}}))) == 200);
}

TEST_CASE("answers that come after the policy's end find nothing", "[access]") {
  auto world = std::make_unique<World>();
  auto done = std::move(world->answers.back());
  world->answers.clear();
  world.reset();
  done(set_of({ec_a}));
}

}  // namespace
}  // namespace regstream::access
