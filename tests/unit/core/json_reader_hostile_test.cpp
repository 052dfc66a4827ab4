#include <catch2/catch.hpp>
#include <regstream/message/codec.hpp>
#include <string>
#include <string_view>
#include <variant>

using namespace std::string_view_literals;
using regstream::CodecLimits;
using regstream::decode_stream_message;
using regstream::decode_update;
using regstream::decode_view;
using regstream::DecodeError;
using regstream::encode_update_envelope;
using regstream::Update;

namespace {

bool is_refused(std::string_view json) {
  const auto result = decode_update(json);
  const auto* error = std::get_if<DecodeError>(&result);
  return error != nullptr && !error->what.empty();
}

std::string with_details(std::string_view value) {
  return R"({"registrationId":42,"status":"PENDING","details":{"a":)" + std::string{value} + "}}";
}

/// Arrays within details: `details` itself is the second level.
std::string nested(std::size_t levels) {
  return with_details(std::string(levels - 2, '[') + std::string(levels - 2, ']'));
}

}  // namespace

TEST_CASE("a message that is cut off anywhere is refused") {
  const std::string json =
      R"({"registrationId":42,"status":"APPROVED","stage":"a","stageStatus":"started",)"
      R"("message":"\u00e9\ud83d\ude42 é","details":{"a":[1,2.5e3,true,null]},)"
      R"("processLog":[{"b":"c"}],"timestamp":1702493005000})";
  REQUIRE_FALSE(is_refused(json));
  for (std::size_t length = 0; length < json.size(); ++length) {
    CAPTURE(length);
    // In its own memory, so that the sanitizer sees a read beyond the end.
    const std::vector<char> cut(json.begin(), json.begin() + static_cast<std::ptrdiff_t>(length));
    CHECK(is_refused({cut.data(), cut.size()}));
  }
}

TEST_CASE("a message with any one byte changed is refused or read and nothing worse happens") {
  const std::string json =
      R"({"registrationId":42,"status":"PENDING","details":{"a":[1,"\u00e9"]},"processLog":[{}]})";
  std::size_t refused = 0;
  for (std::size_t at = 0; at < json.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = json;
      changed[at] = static_cast<char>(byte);
      const auto result = decode_update(changed);
      if (const auto* update = std::get_if<Update>(&result)) {
        REQUIRE((update->details.empty() || update->details.front() == '{'));
        REQUIRE((update->details.empty() || update->details.back() == '}'));
        REQUIRE((update->process_log.empty() || update->process_log.front() == '['));
        REQUIRE((update->process_log.empty() || update->process_log.back() == ']'));
      } else {
        ++refused;
      }
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("text that is not JSON is refused") {
  for (const std::string_view json :
       {""sv, " "sv, "{"sv, "{}}"sv, "{} }"sv, "{} {"sv,

        "{'a':1}"sv, "{\"a\":1,}"sv, "{\"a\":01}"sv, "{\"a\":NaN}"sv, "{\"a\":Infinity}"sv,
        "{\"a\":+1}"sv, "{\"a\":.5}"sv, "{/**/}"sv, "{\"a\":\"\n\"}"sv, "{\"a\":\"\\x\"}"sv,
        "{\"a\" 1}"sv, "{a:1}"sv, "undefined"sv}) {
    CAPTURE(json);
    const auto result = decode_update(json);
    REQUIRE(std::holds_alternative<DecodeError>(result));
    CHECK(std::get<DecodeError>(result).what.find("the message is not valid JSON: ") == 0);
  }
}

TEST_CASE("a NUL is not JSON and a byte order mark is accepted only at the start") {
  const std::string valid = with_details("1");
  CHECK(is_refused(valid + '\0'));
  CHECK(is_refused(valid + '\0' + "garbage"));
  CHECK(is_refused(with_details("\"\0\""sv)));
  CHECK(is_refused(" \xEF\xBB\xBF" + valid));
  CHECK(is_refused("\xEF\xBB\xBF\xEF\xBB\xBF" + valid));
  CHECK(is_refused(valid + "\xEF\xBB\xBF"));
  CHECK_FALSE(is_refused("\t\r\n " + valid + " \r\n"));
}

TEST_CASE("nesting up to the limit is accepted and one level more is refused") {
  CHECK_FALSE(is_refused(nested(64)));
  CHECK(is_refused(nested(65)));
}

TEST_CASE("half a megabyte of brackets is refused at the limit without recursion") {
  const auto result = decode_update(with_details(std::string(500'000, '[')));
  REQUIRE(std::holds_alternative<DecodeError>(result));
  CHECK(std::get<DecodeError>(result).what ==
        "the message is nested too deeply: at most 64 levels are accepted");
  CHECK(is_refused(std::string(500'000, '{')));
}

TEST_CASE("a message up to a megabyte is accepted and one byte more is refused") {
  const std::size_t limit = CodecLimits{}.message_bytes_max;
  const std::string frame = with_details("\"\"");
  const std::string fits = with_details('"' + std::string(limit - frame.size(), 'x') + '"');
  REQUIRE(fits.size() == limit);
  CHECK_FALSE(is_refused(fits));
  CHECK(is_refused(fits + " "));
}

TEST_CASE("the stream's envelope carries what the channel accepts at its limits") {
  const std::string deep = encode_update_envelope(nested(64));
  CHECK(std::holds_alternative<regstream::StreamMessage>(decode_stream_message(deep)));
  const std::size_t limit = CodecLimits{}.message_bytes_max;
  const std::string frame = with_details("\"\"");
  const std::string big =
      encode_update_envelope(with_details('"' + std::string(limit - frame.size(), 'x') + '"'));
  CHECK(std::holds_alternative<regstream::StreamMessage>(decode_stream_message(big)));
}

TEST_CASE("lone surrogates and invalid UTF-8 are read as replacement characters") {
  const auto message_of = [](std::string_view text) {
    const auto result = decode_update(R"({"registrationId":42,"status":"PENDING","message":")" +
                                      std::string{text} + "\"}");
    REQUIRE(std::holds_alternative<Update>(result));
    return std::get<Update>(result).message;
  };
  CHECK(message_of("\\ud800") == "\uFFFD");
  CHECK(message_of("a\\udc00b") == "a\uFFFDb");
  CHECK(message_of("\\ud800\\ud800") == "\uFFFD\uFFFD");
  CHECK(message_of("\\ud800\\ud83d\\ude42") == "\uFFFD\U0001F642");
  CHECK(message_of("\\udc00\\ud800") == "\uFFFD\uFFFD");
  CHECK(message_of("\\ud83d\\u0041") == "\uFFFDA");
  CHECK(message_of("\\ud83dx") == "\uFFFDx");
  CHECK(message_of("\\ud83d\\n") == "\uFFFD\n");
  CHECK(message_of("\\uD83D\\uDE42") == "\U0001F642");
  CHECK(message_of("\xFF") == "\uFFFD");
  CHECK(message_of("\xC0\xAF") == "\uFFFD\uFFFD");
  CHECK(message_of("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");
  CHECK(message_of("\xE2\x82") == "\uFFFD");
  CHECK_FALSE(is_refused(with_details("{\"\xFF\":1}")));
  // Invalid text is invalid JSON in either form.
  CHECK(is_refused(with_details("\xFF")));
  CHECK(is_refused(with_details("\"\\ud80\"")));
  CHECK(is_refused(with_details("\"\\ud83d\\x\"")));
}

TEST_CASE("numbers beyond 2^53 in details stay text and one beyond every double is refused") {
  CHECK_FALSE(is_refused(with_details("18446744073709551616")));
  CHECK_FALSE(is_refused(with_details("-123456789012345678901234567890")));
  CHECK_FALSE(is_refused(with_details("1e-999")));
  CHECK(is_refused(with_details("1e999")));
}

TEST_CASE("of a thousand members with one name the last counts") {
  std::string json = R"({"registrationId":42)";
  for (int count = 0; count < 1000; ++count) {
    json += R"(,"status":"S)" + std::to_string(count) + '"';
  }
  const auto result = decode_update(json + "}");
  REQUIRE(std::holds_alternative<Update>(result));
  CHECK(std::get<Update>(result).status == "S999");
}

TEST_CASE("errors quote nothing of the message") {
  for (const std::string_view json :
       {R"({"registrationId":42,"details":{"pin":"hunter2"},"status":1})",
        R"({"registrationId":42,"status":"hunter2",})", R"(["hunter2"])", R"({"hunter2":hunter2})",
        R"({"registrationId":42,"status":["hunter2"]})"}) {
    const auto result = decode_update(json);
    REQUIRE(std::holds_alternative<DecodeError>(result));
    CHECK(std::get<DecodeError>(result).what.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a snapshot and an envelope that are cut off anywhere are refused") {
  const std::string view =
      R"({"registrationId":42,"status":"PENDING","stage":"a","stages":[{"stage":"a",)"
      R"("stageStatus":"started","message":"m","startedAt":1,"endedAt":null}],"message":"m",)"
      R"("details":null,"processLog":[],"timestamp":1,"isFinal":false})";
  REQUIRE_FALSE(std::holds_alternative<DecodeError>(decode_view(view)));
  for (std::size_t length = 0; length < view.size(); ++length) {
    CHECK(
        std::holds_alternative<DecodeError>(decode_view(std::string_view{view}.substr(0, length))));
  }
  const std::string envelope = R"({"type":"snapshot","data":)" + view + R"(,"timestamp":1})";
  REQUIRE_FALSE(std::holds_alternative<DecodeError>(decode_stream_message(envelope)));
  for (std::size_t length = 0; length < envelope.size(); ++length) {
    CHECK(std::holds_alternative<DecodeError>(
        decode_stream_message(std::string_view{envelope}.substr(0, length))));
  }
}
