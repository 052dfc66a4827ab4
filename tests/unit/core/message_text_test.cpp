#include <catch2/catch.hpp>
#include <regstream/message/message_text.hpp>
#include <string>
#include <string_view>

using regstream::MessageText;

TEST_CASE("a well-formed text is not copied") {
  const std::string bytes = "{\"a\":\"é\\ud800\"} \r\n";
  CHECK(MessageText{bytes}.view().data() == bytes.data());
  CHECK(MessageText{bytes}.view() == bytes);
  CHECK(MessageText{""}.view().empty());
}

TEST_CASE("one byte order mark is dropped") {
  CHECK(MessageText{"\xEF\xBB\xBF{}"}.view() == "{}");
  CHECK(MessageText{"\xEF\xBB\xBF\xEF\xBB\xBF{}"}.view() == "\uFEFF{}");
  CHECK(MessageText{" \xEF\xBB\xBF{}"}.view() == " \uFEFF{}");
  CHECK(MessageText{"\xEF\xBB\xBF"}.view().empty());
}

TEST_CASE("each part that is not UTF-8 becomes one replacement character") {
  CHECK(MessageText{"a\xFF\xE2\x82z"}.view() == "a\uFFFD\uFFFDz");
  CHECK(MessageText{"\xEF\xBB"}.view() == "\uFFFD");
  CHECK(MessageText{"\xEF\xBB\xBF\x80"}.view() == "\uFFFD");
  const MessageText copied = MessageText{"\xFF"};
  CHECK(copied.view() == "\uFFFD");
}

TEST_CASE("a text that is too long for every reader stays unchanged") {
  const std::string bytes(11, '\xFF');
  CHECK(MessageText(bytes, 10).view() == bytes);
  CHECK(MessageText(bytes, 11).view().size() == 33);
}
