#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "broker/resp.hpp"

namespace {

using regstream::broker::Reply;
using regstream::broker::reply_text;
using regstream::broker::ReplyLimits;
using regstream::broker::RespReader;

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) {
    all += text;
  }
  return all;
}

/// What became of a reader that was fed these bytes, in pieces of this size.
struct Outcome {
  std::size_t replies = 0;
  bool is_broken = false;
  bool is_oversized = false;
  std::size_t held_max = 0;
};

Outcome outcome_of(std::string_view bytes, const ReplyLimits& limits, std::size_t piece = 4096) {
  RespReader reader{limits};
  Outcome outcome;
  while (!bytes.empty() && reader.feed(bytes.substr(0, piece))) {
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (reader.next()) {
      ++outcome.replies;
    }
    outcome.held_max = std::max(outcome.held_max, reader.held_bytes());
    if (reader.is_broken()) {
      break;
    }
  }
  outcome.is_broken = reader.is_broken();
  outcome.is_oversized = reader.is_oversized();
  return outcome;
}

}  // namespace

TEST_CASE("replies are read at every split") {
  const std::string bytes = "+OK\r\n*2\r\n$3\r\nabc\r\n*1\r\n:7\r\n-ERR no\r\n$-1\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    const auto outcome = outcome_of(bytes, {}, piece);
    CHECK(outcome.replies == 4);
    CHECK_FALSE(outcome.is_broken);
  }
}

TEST_CASE("an array that announces more elements than a reply may have is refused at once") {
  for (const std::string_view head : {"*1000000000\r\n", "*131073\r\n", "*2147483647\r\n"}) {
    const auto outcome = outcome_of(head, {});
    CHECK(outcome.is_broken);
    CHECK(outcome.is_oversized);
  }
  CHECK_FALSE(outcome_of("*131072\r\n", {}).is_broken);
  CHECK(outcome_of("*4294967297\r\n", {}).is_broken);
}

TEST_CASE("elements count over all arrays of a reply and start at zero in the next one") {
  const ReplyLimits limits{.elements_max = 9};
  CHECK(
      outcome_of("*3\r\n*2\r\n:1\r\n:1\r\n*2\r\n:1\r\n:1\r\n*2\r\n:1\r\n:1\r\n", limits).replies ==
      1);
  CHECK(outcome_of("*3\r\n*2\r\n:1\r\n:1\r\n*2\r\n:1\r\n:1\r\n*3\r\n:1\r\n", limits).is_oversized);
  CHECK(outcome_of(repeated("*2\r\n:1\r\n:1\r\n", 100), limits).replies == 100);
}

TEST_CASE("arrays in arrays are followed up to a depth") {
  CHECK(outcome_of(repeated("*1\r\n", 4) + ":1\r\n", {}).replies == 1);
  CHECK(outcome_of(repeated("*1\r\n", 9) + ":1\r\n", {}).is_broken);
  CHECK(outcome_of(repeated("*1\r\n", 1'000'000), {}).is_broken);
  const auto outcome = outcome_of(repeated("*1\r\n", 3), {.depth_max = 2});
  CHECK(outcome.is_oversized);
}

TEST_CASE("the texts of one reply count together including incomplete ones") {
  const ReplyLimits limits{.bytes_max = 10'000};
  const std::string text = "$1000\r\n" + std::string(1000, 'x') + "\r\n";
  CHECK(outcome_of("*9\r\n" + repeated(text, 9), limits, 16).replies == 1);
  const auto outcome = outcome_of("*100\r\n" + repeated(text, 100), limits, 16);
  CHECK(outcome.is_oversized);
  CHECK(outcome.held_max <= limits.bytes_max + 16);
  CHECK(outcome_of(repeated(text, 1000), limits).replies == 1000);
}

TEST_CASE("a text that is announced takes no memory before it comes") {
  const auto outcome = outcome_of("$1000000000\r\nabc", {});
  CHECK_FALSE(outcome.is_broken);
  CHECK(outcome.held_max < 100);
  CHECK(
      outcome_of("$100000000\r\n" + std::string(10'100, 'x'), {.bytes_max = 10'000}).is_oversized);
}

TEST_CASE("bytes that are not RESP break the reader and not because of their size") {
  for (const std::string_view bytes : {"HTTP/1.1 400 Bad Request\r\n", "*x\r\n", "\r\n\r\n"}) {
    const auto outcome = outcome_of(bytes, {});
    CHECK(outcome.is_broken);
    CHECK_FALSE(outcome.is_oversized);
  }
}
