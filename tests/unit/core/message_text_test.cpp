#include <catch2/catch.hpp>
#include <regstream/message/message_text.hpp>
#include <string>
#include <string_view>

using regstream::MessageText;

TEST_CASE("a text that is well-formed stays where it is") {
  const std::string bytes = "{\"a\":\"é\\ud800\"} \r\n";
  CHECK(MessageText{bytes}.view().data() == bytes.data());
  CHECK(MessageText{bytes}.view() == bytes);
  CHECK(MessageText{""}.view().empty());
}

TEST_CASE("one byte order mark goes") {
  CHECK(MessageText{"\xEF\xBB\xBF{}"}.view() == "{}");
  CHECK(MessageText{"\xEF\xBB\xBF\xEF\xBB\xBF{}"}.view() == "\uFEFF{}");
  CHECK(MessageText{" \xEF\xBB\xBF{}"}.view() == " \uFEFF{}");
  CHECK(MessageText{"\xEF\xBB\xBF"}.view().empty());
}

TEST_CASE("what is not UTF-8 becomes replacement characters, one for each part") {
  CHECK(MessageText{"a\xFF\xE2\x82z"}.view() == "a\uFFFD\uFFFDz");
  CHECK(MessageText{"\xEF\xBB"}.view() == "\uFFFD");
  CHECK(MessageText{"\xEF\xBB\xBF\x80"}.view() == "\uFFFD");
  const MessageText copied = MessageText{"\xFF"};
  CHECK(copied.view() == "\uFFFD");
}

TEST_CASE("more than anybody reads is not mended") {
  const std::string bytes(11, '\xFF');
  CHECK(MessageText(bytes, 10).view() == bytes);
  CHECK(MessageText(bytes, 11).view().size() == 33);
}
