#include "access/remote_policy.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include <catch2/catch.hpp>
#include <regstream/workflow/registration.hpp>

#include "net/exchange.hpp"
#include "running_loops.hpp"

using namespace regstream;
using namespace regstream::access;

namespace {

/// Answers as the test chooses, and records where it was asked.
class AskedPolicy final : public Policy {
 public:
  void authenticate(const net::Request& request, const net::Target& /*target*/,
                    const Workflow* ticketed, Handler decided) override {
    asked_on = std::this_thread::get_id();
    workflow = ticketed;
    const auto token = request.find(boost::beast::http::field::authorization);
    if (token == request.end()) {
      decided(Denial{.detail = "no token"});
    } else {
      auto grant = std::make_shared<Grant>();
      grant->token = std::string(token->value());
      decided(GrantPtr(std::move(grant)));
    }
  }
  void issue_ticket(const net::Request& /*request*/, const net::Target& /*target*/,
                    const Workflow& of, TicketHandler done) override {
    asked_on = std::this_thread::get_id();
    workflow = &of;
    done(Ticket{.text = "one", .lifetime = std::chrono::milliseconds(1)});
  }
  [[nodiscard]] bool is_open() const override { return false; }

  std::thread::id asked_on;
  const Workflow* workflow = nullptr;
};

/// A request that its answer keeps, as a guard does.
struct Asked {
  net::Request request;
  net::Target target;
};

}  // namespace

TEST_CASE("a policy is asked on its own loop and its decision returns to the asking loop") {
  test::RunningLoops running(2);
  AskedPolicy policy;
  RemotePolicy remote(policy, running.loops.first(), running.loops[1]);
  CHECK_FALSE(remote.is_open());
  running.begin();
  const auto thread_of = [&](std::size_t loop) {
    return running.on(loop, [] { return std::this_thread::get_id(); });
  };
  std::promise<std::pair<std::thread::id, Policy::Decision>> told;
  const bool has_token = GENERATE(true, false);
  running.on(1, [&] {
    auto asked = std::make_shared<Asked>();
    if (has_token) {
      asked->request.set(boost::beast::http::field::authorization, "Bearer one");
    }
    const Asked& there = *asked;
    remote.authenticate(there.request, there.target, &registration_workflow(),
                        [&told, asked = std::move(asked)](Policy::Decision decision) {
                          told.set_value({std::this_thread::get_id(), std::move(decision)});
                        });
  });
  const auto [thread, decision] = told.get_future().get();
  CHECK(thread == thread_of(1));
  CHECK(policy.asked_on == thread_of(0));
  CHECK(policy.workflow == &registration_workflow());
  if (has_token) {
    CHECK(std::get<GrantPtr>(decision)->token == "Bearer one");
  } else {
    CHECK(std::get<Denial>(decision).detail == "no token");
  }
}

TEST_CASE("a ticket is made on the policy's loop and returned") {
  test::RunningLoops running(2);
  AskedPolicy policy;
  RemotePolicy remote(policy, running.loops.first(), running.loops[1]);
  running.begin();
  std::promise<std::pair<std::thread::id, std::string>> told;
  running.on(1, [&] {
    auto asked = std::make_shared<Asked>();
    const Asked& there = *asked;
    remote.issue_ticket(
        there.request, there.target, registration_workflow(),
        [&told, asked = std::move(asked)](const std::variant<Ticket, Denial>& issued) {
          told.set_value({std::this_thread::get_id(), std::get<Ticket>(issued).text});
        });
  });
  const auto [thread, ticket] = told.get_future().get();
  CHECK(ticket == "one");
  CHECK(thread == running.on(1, [] { return std::this_thread::get_id(); }));
  CHECK(policy.asked_on == running.on(0, [] { return std::this_thread::get_id(); }));
}
