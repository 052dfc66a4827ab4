#include "access/credentials.hpp"

#include <initializer_list>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "net/target.hpp"

namespace regstream::access {
namespace {

using Fields = std::initializer_list<std::pair<const char*, const char*>>;

/// The result as one word and its text; for a denial, its error.
std::string found(Fields fields, const std::string& target = "/stream", bool takes_tickets = true,
                  const std::string& cookie = "__Host-regstream") {
  net::Request request;
  for (const auto& [name, value] : fields) {
    request.insert(name, value);
  }
  const auto result =
      read_credentials(request, net::parse_target(target).value(), cookie, takes_tickets);
  if (const auto* const token = std::get_if<SentToken>(&result)) {
    return "token " + token->text;
  }
  if (const auto* const ticket = std::get_if<SentTicket>(&result)) {
    return "ticket " + ticket->text;
  }
  if (const auto* const denial = std::get_if<Denial>(&result)) {
    CHECK(denial->status == boost::beast::http::status::bad_request);
    CHECK_FALSE(denial->detail.empty());
    return std::string(denial->error);
  }
  return "none";
}

TEST_CASE("a token stands in the field Authorization", "[access]") {
  CHECK(found({{"Authorization", "Bearer a.b.c"}}) == "token a.b.c");
  CHECK(found({{"authorization", "bEARER   a.b-_~+/c=="}}) == "token a.b-_~+/c==");
  CHECK(found({}) == "none");
}

TEST_CASE("another scheme is not our credential", "[access]") {
  CHECK(found({{"Authorization", "Basic dTpw"}}) == "none");
  CHECK(found({{"Authorization", "Bearers a.b.c"}}) == "none");
  CHECK(found({{"Authorization", ""}}) == "none");
  CHECK(found({{"Authorization", "Basic dTpw"}, {"Cookie", "__Host-regstream=a.b.c"}}) ==
        "token a.b.c");
}

TEST_CASE("Bearer without a token is a bad request", "[access]") {
  for (const char* const value : {"Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "Bearer \"a\"",
                                  "Bearer =", "Bearer a=b"}) {
    CAPTURE(value);
    CHECK(found({{"Authorization", value}}) == "invalid_request");
  }
}

TEST_CASE("a token stands in the cookie of its name", "[access]") {
  CHECK(found({{"Cookie", "a=1; __Host-regstream=a.b.c; b=2"}}) == "token a.b.c");
  CHECK(found({{"Cookie", "a=1"}, {"Cookie", "__Host-regstream=\"a.b.c\""}}) == "token a.b.c");
  CHECK(found({{"Cookie", "__Host-regstream=a.b.c"}}, "/stream", true, "other") == "none");
  CHECK(found({{"Cookie", "__host-regstream=a.b.c"}}) == "none");
  CHECK(found({{"Cookie", "x__Host-regstream=a.b.c"}}) == "none");
  CHECK(found({{"Cookie", "=a.b.c"}}, "/stream", true, "") == "none");
}

TEST_CASE("an empty cookie is one that was deleted", "[access]") {
  CHECK(found({{"Cookie", "__Host-regstream="}}) == "none");
  CHECK(found({{"Cookie", "__Host-regstream=\"\"; ;;=; a"}}) == "none");
}

TEST_CASE("a ticket stands in the query where tickets are accepted", "[access]") {
  CHECK(found({}, "/stream?ticket=abc") == "ticket abc");
  CHECK(found({}, "/stream?ticket=abc", false) == "invalid_request");
  CHECK(found({}, "/stream?ticket=") == "ticket ");
}

TEST_CASE("more than one credential is a bad request whatever they say", "[access]") {
  const char* const bearer = "Bearer a.b.c";
  const char* const cookie = "__Host-regstream=a.b.c";
  CHECK(found({{"Authorization", bearer}, {"Cookie", cookie}}) == "invalid_request");
  CHECK(found({{"Authorization", bearer}}, "/stream?ticket=t") == "invalid_request");
  CHECK(found({{"Cookie", cookie}}, "/stream?ticket=t") == "invalid_request");
  CHECK(found({{"Authorization", bearer}, {"Authorization", bearer}}) == "invalid_request");
  CHECK(found({{"Cookie", cookie}, {"Cookie", cookie}}) == "invalid_request");
  CHECK(found({{"Cookie", "__Host-regstream=a; __Host-regstream=b"}}) == "invalid_request");
  CHECK(found({}, "/stream?ticket=a&ticket=b") == "invalid_request");
}

TEST_CASE("a token in a URL is a bad request", "[access]") {
  CHECK(found({}, "/stream?access_token=a.b.c") == "invalid_request");
  CHECK(found({}, "/stream?authorization=a.b.c") == "invalid_request");
  CHECK(found({}, "/stream?%61ccess_token=a.b.c") == "invalid_request");
  CHECK(found({{"Authorization", "Bearer a.b.c"}}, "/stream?access_token=") == "invalid_request");
}

}  // namespace
}  // namespace regstream::access
