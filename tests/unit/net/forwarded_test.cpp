#include <boost/asio/ip/address.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "net/address_block.hpp"
#include "net/forwarded.hpp"

using namespace regstream::net;
using boost::asio::ip::make_address;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// The proxies are 10.0.0.0/8 and ::1.
std::string client_of_fields(const Fields& fields, const char* peer = "10.0.0.1") {
  AddressBlocks trusted{AddressBlock::parse("10.0.0.0/8").value(),
                        AddressBlock::parse("::1").value()};
  Request request;
  for (const auto& [name, value] : fields) {
    request.insert(name, value);
  }
  return find_client(make_address(peer), request, trusted).to_string();
}

std::string client_of_list(const std::string& list) {
  return client_of_fields({{"X-Forwarded-For", list}});
}

std::string client_of_standard(const std::string& list) {
  return client_of_fields({{"Forwarded", list}});
}

bool is_in(const char* block, const char* address) {
  return AddressBlock::parse(block).value().contains(make_address(address));
}

}  // namespace

TEST_CASE("A block contains the addresses with its prefix") {
  CHECK(is_in("10.0.0.0/8", "10.255.0.1"));
  CHECK(is_in("10.0.0.0/8", "::ffff:10.0.0.1"));
  CHECK_FALSE(is_in("10.0.0.0/8", "11.0.0.1"));
  CHECK_FALSE(is_in("10.0.0.0/8", "a00::1"));
  CHECK(is_in("192.0.2.1", "192.0.2.1"));
  CHECK_FALSE(is_in("192.0.2.1", "192.0.2.2"));
  CHECK(is_in("0.0.0.0/0", "192.0.2.1"));
  CHECK_FALSE(is_in("0.0.0.0/0", "2001:db8::1"));
  CHECK(is_in("2001:db8::/32", "2001:db8:ffff::1"));
  CHECK_FALSE(is_in("2001:db8::/32", "2001:db9::1"));
  CHECK(is_in("::/0", "2001:db8::1"));
  CHECK(is_in("192.0.2.128/25", "192.0.2.200"));
  CHECK_FALSE(is_in("192.0.2.128/25", "192.0.2.100"));
}

TEST_CASE("A malformed block is refused") {
  for (const char* text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/ 8", "10/8",
        "10.1.0.0/8", "2001:db8::/129", "2001:db8::1/32", "fe80::1%lo", "proxy", "[::1]"}) {
    CAPTURE(text);
    CHECK_FALSE(AddressBlock::parse(text));
  }
}

TEST_CASE("An untrusted peer is the client whatever it says") {
  CHECK(client_of_fields({{"X-Forwarded-For", "192.0.2.9"}}, "192.0.2.1") == "192.0.2.1");
  CHECK(client_of_fields({{"Forwarded", "for=192.0.2.9"}}, "192.0.2.1") == "192.0.2.1");
  CHECK(client_of_fields({}) == "10.0.0.1");
}

TEST_CASE("The list is read from the right up to the first untrusted address") {
  CHECK(client_of_list("192.0.2.1") == "192.0.2.1");
  // The client itself has sent what stands to the left.
  CHECK(client_of_list("192.0.2.66, 192.0.2.1") == "192.0.2.1");
  CHECK(client_of_list("192.0.2.66, 192.0.2.1, 10.0.0.2, 10.0.0.3") == "192.0.2.1");
  CHECK(client_of_list("10.0.0.66, 192.0.2.1,10.0.0.2") == "192.0.2.1");
  CHECK(client_of_list("10.0.0.3, 10.0.0.2") == "10.0.0.3");
  CHECK(client_of_fields({{"X-Forwarded-For", "192.0.2.66"}, {"X-Forwarded-For", "192.0.2.1"}}) ==
        "192.0.2.1");
  CHECK(client_of_fields({{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-For", " "}}) ==
        "192.0.2.1");
  CHECK(client_of_fields({{"X-Forwarded-For", "192.0.2.1"}}, "::1") == "192.0.2.1");
  CHECK(client_of_fields({{"X-Forwarded-For", "192.0.2.1"}}, "::ffff:10.0.0.1") == "192.0.2.1");
}

TEST_CASE("An address may have a port and brackets") {
  CHECK(client_of_list("192.0.2.1:4711") == "192.0.2.1");
  CHECK(client_of_list("2001:db8::1") == "2001:db8::1");
  CHECK(client_of_list("[2001:db8::1]") == "2001:db8::1");
  CHECK(client_of_list("[2001:db8::1]:4711") == "2001:db8::1");
}

TEST_CASE("An entry that is not an address ends the list and its author is the client") {
  for (const char* last :
       {"unknown", "_hidden", "192.0.2", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:123456", "[::1",
        "[192.0.2.1]", "[2001:db8::1]x", "\"192.0.2.1\"", "fe80::1%1", "192.0.2.1 192.0.2.2"}) {
    CAPTURE(last);
    CHECK(client_of_list(std::string("192.0.2.66, ") + last + ", 10.0.0.2") == "10.0.0.2");
  }
  CHECK(client_of_list("192.0.2.1, , 10.0.0.2") == "10.0.0.2");
}

TEST_CASE("The standard's field Forwarded is read in the same way") {
  CHECK(client_of_standard("for=192.0.2.1") == "192.0.2.1");
  CHECK(client_of_standard("For=\"192.0.2.1:80\";proto=http;by=10.0.0.1") == "192.0.2.1");
  CHECK(client_of_standard("proto=http; FOR=\"[2001:db8::1]:4711\"") == "2001:db8::1");
  CHECK(client_of_standard("for=192.0.2.66, for=192.0.2.1, for=10.0.0.2") == "192.0.2.1");
  // Quotes keep separators together; those that the client leaves open reach no further right.
  CHECK(client_of_standard("for=\"_a,b\", for=192.0.2.1;by=\"x;for=192.0.2.66\"") == "192.0.2.1");
  CHECK(client_of_standard("for=\"192.0.2.66, for=192.0.2.1, for=10.0.0.2") == "192.0.2.1");
  for (const char* last :
       {"for=unknown", "for=_x", "for=", "by=192.0.2.1", "for=192.0.2.1;for=192.0.2.2", "192.0.2.1",
        "for=2001:db8::1:x", "for=\"192.0.2.1"}) {
    CAPTURE(last);
    CHECK(client_of_standard(std::string(last) + ", for=10.0.0.2") == "10.0.0.2");
  }
}

TEST_CASE("If both fields name different clients neither is believed") {
  CHECK(client_of_fields({{"Forwarded", "for=192.0.2.66"}, {"X-Forwarded-For", "192.0.2.1"}}) ==
        "10.0.0.1");
  CHECK(client_of_fields({{"Forwarded", "for=192.0.2.1"}, {"X-Forwarded-For", "192.0.2.1"}}) ==
        "192.0.2.1");
  CHECK(client_of_fields({{"Forwarded", "for=192.0.2.66, for=192.0.2.1"},
                          {"X-Forwarded-For", "192.0.2.1"}}) == "192.0.2.1");
}

TEST_CASE("A long list is read up to a limit") {
  std::string list = "192.0.2.1";
  for (std::size_t entry = 1; entry < forwarded_entries_max; ++entry) {
    list += ", 10.0.0.2";
  }
  CHECK(client_of_list(list) == "192.0.2.1");
  CHECK(client_of_list(list + ", 10.0.0.2") == "10.0.0.2");
}

TEST_CASE("A request is forwarded for others unless each entry is a loopback address") {
  const auto is_for_others = [](const Fields& fields) {
    Request request;
    for (const auto& [name, value] : fields) {
      request.insert(name, value);
    }
    return is_forwarded_for_others(request);
  };
  CHECK_FALSE(is_for_others({}));
  for (const char* list :
       {"", "127.0.0.1", "127.0.0.1, [::1]:80", "::ffff:127.0.0.1", " , 127.1.2.3"}) {
    CAPTURE(list);
    CHECK_FALSE(is_for_others({{"X-Forwarded-For", list}}));
  }
  for (const char* list : {"192.0.2.1", "127.0.0.1, 192.0.2.1", "192.0.2.1, 127.0.0.1", "unknown",
                           "localhost", "127.0.0.1;", "\"127.0.0.1, 192.0.2.1"}) {
    CAPTURE(list);
    CHECK(is_for_others({{"X-Forwarded-For", list}}));
  }
  CHECK_FALSE(is_for_others({{"Forwarded", "for=127.0.0.1;proto=https, for=\"[::1]:4711\""}}));
  for (const char* list :
       {"for=192.0.2.1", "for=_hidden", "proto=https", "for=127.0.0.1;for=::1"}) {
    CAPTURE(list);
    CHECK(is_for_others({{"Forwarded", list}}));
  }
  // What the client invented in one field doesn't hide the other.
  CHECK(is_for_others({{"Forwarded", "for=127.0.0.1"}, {"X-Forwarded-For", "192.0.2.1"}}));
  CHECK(is_for_others({{"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-For", "192.0.2.1"}}));
}
