#include "access/base64url.hpp"

#include <catch2/catch.hpp>

namespace regstream::access {
namespace {

TEST_CASE("base64url has no padding and its own two digits", "[access]") {
  CHECK(encode_base64url("") == "");
  CHECK(encode_base64url("f") == "Zg");
  CHECK(encode_base64url("fo") == "Zm8");
  CHECK(encode_base64url("foo") == "Zm9v");
  CHECK(encode_base64url("\xfb\xff\xfe") == "-__-");
}

TEST_CASE("what is encoded is decoded whatever its length", "[access]") {
  std::string bytes;
  for (int next = 0; next < 300; ++next) {
    CHECK(decode_base64url(encode_base64url(bytes)) == bytes);
    bytes.push_back(static_cast<char>(next * 7));
  }
}

TEST_CASE("each sequence of bytes has one text", "[access]") {
  for (const char* const text :
       {"A", "AAAAA", "Zg==", "Zh", "Zm9", "Z m9", "Zm+v", "Zm/v", "Zm9v\n"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64url(text));
  }
}

}  // namespace
}  // namespace regstream::access
