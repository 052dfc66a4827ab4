// Compares the JSON reader with nlohmann/json, the judge: both must accept the same texts.

#include <array>
#include <cmath>
#include <cstdlib>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <regex>
#include <regstream/message/codec.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "message/json_number.hpp"
#include "message/json_reader.hpp"
#include "message/json_scanner.hpp"

using nlohmann::json;
using regstream::json::Scanner;
using regstream::json::Value;

namespace {

bool is_accepted(std::string_view text) {
  std::array<std::string_view, 1> keys{"a"};
  std::array<Value, 1> values;
  return !regstream::json::read_object("it", text, {.bytes_max = 1 << 20, .depth_max = 64},
                                       {.keys = keys, .values = values});
}

/// Replaces each lone surrogate, which the judge refuses, by U+FFFD.
std::string with_whole_characters(std::string_view text) {
  static const std::regex escape{
      R"(\\(?:u([dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|u([dD][89a-fA-F][0-9a-fA-F]{2})|[^]))"};
  std::string whole;
  auto at = text.begin();
  for (std::cregex_iterator match{text.data(), text.data() + text.size(), escape}, end;
       match != end; ++match) {
    whole.append(at, text.begin() + match->position());
    whole += (*match)[2].matched ? "\\ufffd" : match->str();
    at = text.begin() + match->position() + match->length();
  }
  return whole.append(at, text.end());
}

bool is_object_for_judge(std::string_view text) {
  const json value = json::parse(with_whole_characters(text), nullptr, false);
  return value.is_object();
}

/// Calls `check` with every text made of up to `pieces_max` of the pieces.
template <std::size_t count, typename Check>
void for_each_text(const std::array<std::string_view, count>& pieces, std::size_t pieces_max,
                   const Check& check, const std::string& text = {}) {
  check(text);
  if (pieces_max == 0) {
    return;
  }
  for (const std::string_view piece : pieces) {
    for_each_text(pieces, pieces_max - 1, check, text + std::string{piece});
  }
}

template <std::size_t count>
void compare(const std::array<std::string_view, count>& pieces, std::size_t pieces_max,
             std::string_view before, std::string_view after) {
  std::size_t accepted = 0;
  std::string differs;
  for_each_text(pieces, pieces_max, [&](const std::string& middle) {
    const std::string text = std::string{before} + middle + std::string{after};
    accepted += is_accepted(text) ? 1U : 0U;
    if (is_accepted(text) != is_object_for_judge(text)) {
      differs = text;
    }
  });
  CHECK(differs == "");
  CHECK(accepted > 0);
}

}  // namespace

TEST_CASE("every small text of brackets and keys and commas is accepted exactly if it is JSON") {
  compare(std::array<std::string_view, 9>{"{", "}", "[", "]", ",", ":", "\"a\"", "1", " "}, 5, "",
          "");
  compare(std::array<std::string_view, 9>{"{", "}", "[", "]", ",", ":", "\"b\"", "null", "\n"}, 5,
          R"({"a":)", "}");
}

TEST_CASE("every small text of a number's characters is accepted exactly if it is a number") {
  compare(std::array<std::string_view, 7>{"0", "1", "9", "-", "+", ".", "e"}, 6, R"({"a":)", "}");
}

TEST_CASE("every small string of escapes and bytes is accepted exactly if it is one") {
  compare(std::array<std::string_view, 12>{"\\", "u", "\"", "d83d", "DE42", "00e9", "n", "x", "/",
                                           "\x1f", "\xC3", "\xA9"},
          4, R"({"a":")", R"("})");
}

TEST_CASE("every cut of a string of any length is found") {
  for (std::size_t length = 0; length < 40; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      for (const char byte : {'"', '\\', '\n', '\x7f', ' ', '!'}) {
        std::string text(length, 'x');
        text[at] = byte;
        const std::string object = R"({"a":")" + text + R"("})";
        CAPTURE(object);
        REQUIRE(is_accepted(object) == is_object_for_judge(object));
      }
    }
  }
}

TEST_CASE("a string's text is the one that the reference parser reads") {
  for_each_text(
      std::array<std::string_view, 11>{"\\u0041", "\\u00e9", "\\u20ac", "\\ud83d\\ude42", "\\n",
                                       "\\\"", "\\\\", "é", "plain", "\\uD83D", "\\udE42"},
      4, [](const std::string& raw) {
        const std::string quoted = '"' + raw + '"';
        Scanner scanner{quoted, 1};
        Value value;
        REQUIRE(scanner.scan_string(value));
        REQUIRE(regstream::json::text_of(value) ==
                json::parse(with_whole_characters(quoted)).get<std::string>());
      });
}

TEST_CASE("a number has its integer value however it is written") {
  using regstream::json::to_integer;
  for (const std::string_view text :
       {"42", "42.0", "4.2e1", "420e-1", "0.042e3", "0.00042E+5", "42.000", "4200000e-5"}) {
    CAPTURE(text);
    CHECK(to_integer(text).value == 42);
    CHECK(to_integer(text).is_exact);
  }
  for (const std::string_view text : {"42.5", "42.0000000000000000000000001", "425e-1"}) {
    CAPTURE(text);
    CHECK(to_integer(text).value == 42);
    CHECK_FALSE(to_integer(text).is_exact);
  }
  for (const std::string_view text : {"0", "-0", "0.0", "0e9", "-0.000e99"}) {
    CAPTURE(text);
    CHECK(to_integer(text).value == 0);
    CHECK(to_integer(text).is_exact);
  }
  CHECK_FALSE(to_integer("1e-999999999999999999999").is_exact);
  CHECK(to_integer("-7.9").value == -7);
  CHECK(to_integer("9007199254740991").value == 9007199254740991);
  CHECK(to_integer("9007199254740991.0").value == 9007199254740991);
  CHECK(to_integer("900719925474099.1e1").value == 9007199254740991);
  for (const std::string_view text :
       {"9007199254740992", "18446744073709551616", "1e99999999999999999999", "1e16"}) {
    CAPTURE(text);
    CHECK(to_integer(text).value == 9007199254740992);
  }
}

TEST_CASE("a number that no double can hold is recognised at the very edge") {
  using regstream::json::is_finite;
  CHECK(is_finite("1.7976931348623157e308"));
  CHECK(is_finite("1.7976931348623158e308"));
  CHECK(is_finite("17976931348623157000e289"));
  CHECK(is_finite("-179.76931348623157e306"));
  CHECK(is_finite("0e999999"));
  CHECK(is_finite("0.00001e312"));
  CHECK(is_finite("1e-99999999999999999999"));
  CHECK_FALSE(is_finite("1.7976931348623159e308"));
  CHECK_FALSE(is_finite("-2e308"));
  CHECK_FALSE(is_finite("1e309"));
  CHECK_FALSE(is_finite("0.00001e314"));
  CHECK_FALSE(is_finite("1e99999999999999999999"));
  CHECK(is_accepted(R"({"b":)" + std::string(308, '9') + "}"));
  CHECK(is_accepted(R"({"b":)" + std::string(309, '1') + "}"));
  CHECK_FALSE(is_accepted(R"({"b":)" + std::string(309, '9') + "}"));
  CHECK_FALSE(is_accepted(R"({"b":-1)" + std::string(309, '0') + ".5}"));
}

TEST_CASE("the first number that rounds to infinity is exact to its last digit") {
  // 2^1024 - 2^970.
  const std::string bound =
      "179769313486231580793728971405303415079934132710037826936173778980444968292"
      "764750946649017977587207096330286416692887910946555547851940402630657488671"
      "505820681908902000708383676273854845817711531764475730270069855571366959622"
      "842914819860834936475292719074168444365510704342711559699508093042880177904"
      "174497792";
  const std::string below = bound.substr(0, bound.size() - 1) + '1';
  const std::string scaled = bound.substr(0, 1) + '.' + bound.substr(1) + "e308";
  for (const std::string& number :
       {bound, bound + ".0", bound + ".5", bound + "e0", bound + "0e-1", scaled, scaled + "0",
        below, below + ".99999", '-' + bound, '-' + below, bound.substr(0, 20) + "e289",
        below.substr(0, 308), bound + '0'}) {
    CAPTURE(number);
    const bool is_finite = std::isfinite(std::strtod(number.c_str(), nullptr));
    CHECK(regstream::json::is_finite(number) == is_finite);
  }
  CHECK_FALSE(regstream::json::is_finite(bound));
  CHECK(regstream::json::is_finite(below));
}
