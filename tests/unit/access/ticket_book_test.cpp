#include <set>
#include <string>
#include <utility>

#include <catch2/catch.hpp>
#include <regstream/workflow/registration.hpp>

#include "access/base64url.hpp"
#include "access/sealed_token.hpp"
#include "access/ticket_allowance.hpp"
#include "access/ticket_book.hpp"

namespace regstream::access {
namespace {

constexpr Instant start{Duration{1'000'000}};

Workflow other_workflow() {
  Workflow workflow = registration_workflow();
  workflow.channel = "other";
  return workflow;
}

TEST_CASE("a ticket is found by its name and opens what it has sealed", "[access]") {
  const auto made = TicketKeys::make(registration_workflow(), system_random_bytes);
  CHECK(made.ticket().size() == 22);
  const auto sent = TicketKeys::parse(made.ticket(), registration_workflow());
  REQUIRE(sent);
  CHECK(sent->name() == made.name());
  for (const std::string& token : {std::string(), std::string("a.b.c"), std::string(8192, 't')}) {
    CHECK(sent->unseal(made.seal(token)) == token);
  }
}

TEST_CASE("the store learns neither the ticket nor the token", "[access]") {
  const auto keys = TicketKeys::make(registration_workflow(), system_random_bytes);
  const std::string token(100, 't');
  const std::string sealed = keys.seal(token);
  CHECK(sealed.find("tttt") == std::string::npos);
  CHECK(keys.name().find(keys.ticket()) == std::string::npos);
  CHECK(sealed.find(decode_base64url(keys.ticket()).value()) == std::string::npos);
}

TEST_CASE("a forged value under the ticket's name is not unsealed", "[access]") {
  const auto keys = TicketKeys::make(registration_workflow(), system_random_bytes);
  std::string sealed = keys.seal("a.b.c");
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    std::string changed = sealed;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK_FALSE(keys.unseal(changed));
    CHECK_FALSE(keys.unseal(sealed.substr(0, at)));
  }
  CHECK_FALSE(keys.unseal("a.b.c"));
  CHECK_FALSE(
      keys.unseal(TicketKeys::make(registration_workflow(), system_random_bytes).seal("a.b.c")));
}

TEST_CASE("a ticket belongs to one workflow", "[access]") {
  const auto made = TicketKeys::make(registration_workflow(), system_random_bytes);
  const auto other = TicketKeys::parse(made.ticket(), other_workflow());
  CHECK(other->name() != made.name());
  CHECK_FALSE(other->unseal(made.seal("a.b.c")));
}

TEST_CASE("a malformed ticket is refused", "[access]") {
  const std::string ticket(22, 'A');
  CHECK(TicketKeys::parse(ticket, registration_workflow()));
  for (const std::string& text :
       {std::string(), ticket + "A", ticket.substr(1), ticket.substr(1) + "B",
        ticket.substr(1) + "=", std::string(1U << 20U, 'A'), std::string(24, '\0')}) {
    CHECK_FALSE(TicketKeys::parse(text, registration_workflow()));
  }
}

TEST_CASE("a ticket of the book is redeemed once within thirty seconds", "[access]") {
  TicketBook book;
  CHECK_FALSE(book.keep("a", "sealed", start));
  CHECK_FALSE(book.redeem("b", start));
  CHECK(book.redeem("a", start + Duration{29'999}) == "sealed");
  CHECK_FALSE(book.redeem("a", start));
  CHECK_FALSE(book.keep("a", "sealed", start));
  CHECK_FALSE(book.redeem("a", start + Duration{30'000}));
  CHECK_FALSE(book.redeem("a", start));
  CHECK(book.size() == 0);
  CHECK(book.bytes() == 0);
}

TEST_CASE("a ticket beyond the limit is not kept and displaces no other", "[access]") {
  AccessLimits limits;
  limits.tickets_max = 3;
  TicketBook book(limits);
  CHECK_FALSE(book.keep("a", "1", start));
  CHECK_FALSE(book.keep("b", "1", start + Duration{10'000}));
  CHECK_FALSE(book.keep("c", "1", start + Duration{10'000}));
  CHECK(book.keep("d", "1", start + Duration{20'000}) == Duration{10'000});
  CHECK_FALSE(book.redeem("d", start + Duration{20'000}));
  CHECK(book.size() == 3);
  // One that is used or too old makes room.
  CHECK(book.redeem("b", start + Duration{20'000}) == "1");
  CHECK_FALSE(book.keep("d", "1", start + Duration{20'000}));
  CHECK(book.keep("e", "1", start + Duration{29'999}) == Duration{1});
  CHECK_FALSE(book.keep("e", "1", start + Duration{30'000}));
  CHECK(book.size() == 3);
}

TEST_CASE("the bytes of all tickets are bounded as well", "[access]") {
  AccessLimits limits;
  limits.tickets_bytes_max = 40;
  TicketBook book(limits);
  CHECK(book.keep("a", std::string(40, 'x'), start) == ticket_lifetime);
  CHECK_FALSE(book.keep("b", std::string(19, 'x'), start));
  CHECK_FALSE(book.keep("c", std::string(19, 'x'), start));
  CHECK(book.bytes() == 40);
  CHECK(book.keep("d", "", start + Duration{1}) == Duration{29'999});
  CHECK(book.redeem("b", start) == std::string(19, 'x'));
  CHECK_FALSE(book.keep("d", "", start));
  CHECK(book.bytes() == 21);
}

TEST_CASE("the second ticket of a name replaces the first", "[access]") {
  TicketBook book;
  CHECK_FALSE(book.keep("a", "1", start));
  CHECK_FALSE(book.keep("a", "22", start));
  CHECK(book.bytes() == 3);
  CHECK(book.redeem("a", start) == "22");
}

TEST_CASE("a token gets so many tickets in a window and all get more", "[access]") {
  AccessLimits limits;
  limits.tickets_of_token_max = 2;
  limits.tickets_issued_max = 3;
  TicketAllowance allowance(limits);
  CHECK_FALSE(allowance.refuse("a", start));
  CHECK_FALSE(allowance.refuse("a", start));
  CHECK(allowance.refuse("a", start + Duration{10'000}) == Duration{20'000});
  CHECK_FALSE(allowance.refuse("b", start));
  CHECK(allowance.refuse("c", start) == Duration{30'000});
  CHECK_FALSE(allowance.refuse("a", start + Duration{30'000}));
}

}  // namespace
}  // namespace regstream::access
