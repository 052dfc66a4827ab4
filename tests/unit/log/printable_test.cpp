#include <string>
#include <string_view>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "log/log.hpp"
#include "log/printable.hpp"

#include "captured_log.hpp"

using namespace std::string_view_literals;
using regstream::printable;
using regstream::printable_message;
using regstream::quote_value;

TEST_CASE("ordinary text of any script stays as it is") {
  for (const auto text :
       {"", "plain ASCII: ~!@", "Ödön", "مرحبا", "日本語", "👩‍💻", "\u00a0\u00ad"}) {
    CHECK(printable(text) == text);
  }
}

TEST_CASE("the control characters of C0 and C1 and DEL are escaped") {
  CHECK(printable("\x1b[31m\a") == R"(\u001b[31m\u0007)");
  CHECK(printable("a\r\nb\tc"sv) == R"(a\u000d\u000ab\u0009c)");
  CHECK(printable("\0\x7f"sv) == R"(\u0000\u007f)");
  CHECK(printable("\u0080\u009b31m\u009f") == R"(\u0080\u009b31m\u009f)");
}

TEST_CASE("characters that change the direction of text or end a line are escaped") {
  CHECK(printable("\u202egpj.exe\u202c") == R"(\u202egpj.exe\u202c)");
  CHECK(printable("\u061c\u200e\u200f\u2066\u2069") == R"(\u061c\u200e\u200f\u2066\u2069)");
  CHECK(printable("\u2028\u2029") == R"(\u2028\u2029)");
  // The neighbours are not controls.
  CHECK(printable("\u200d\u2027\u202f\u2065\u206a") == "\u200d\u2027\u202f\u2065\u206a");
}

TEST_CASE("malformed UTF-8 becomes U+FFFD so that no raw byte of C1 is left") {
  CHECK(printable("a\x9b"
                  "b\xff") ==
        "a\ufffd"
        "b\ufffd");
  CHECK(printable("\xc0\x9b\xed\xa0\x80") == "\ufffd\ufffd\ufffd\ufffd\ufffd");
}

TEST_CASE("no printed byte controls a terminal whatever pair of bytes came in") {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string shown =
          printable(std::string{static_cast<char>(first), static_cast<char>(second)});
      bool is_safe = true;
      for (std::size_t index = 0; index < shown.size(); ++index) {
        const auto byte = static_cast<unsigned char>(shown[index]);
        const bool is_c1 = byte == 0xc2 && static_cast<unsigned char>(shown[index + 1]) < 0xa0;
        is_safe = is_safe && byte >= 0x20 && byte != 0x7f && !is_c1;
      }
      if (!is_safe) {
        FAIL("bytes " << first << " and " << second);
      }
    }
  }
}

TEST_CASE("compact JSON text stays JSON text of the same value") {
  const nlohmann::json value = {{"data\u009b", "a\u202eb\n\"\\\x7f\u2028é"}, {"empty", ""}};
  CHECK(nlohmann::json::parse(printable(value.dump())) == value);
}

TEST_CASE("a long text is cut between two characters") {
  CHECK(printable("abcdef", 3) == "abc…");
  CHECK(printable("abc", 3) == "abc");
  CHECK(printable("ab日本", 4) == "ab…");
  CHECK(printable("ab日本", 5) == "ab日…");
  CHECK(printable(std::string(1 << 20, '\x1b'), 2) == R"(\u001b\u001b…)");
}

TEST_CASE("a refused value is quoted and bounded and has no secret") {
  CHECK(quote_value("6379/tcp") == R"("6379/tcp")");
  CHECK(quote_value("") == R"("")");
  CHECK(quote_value("\x1b]0;title\a") == R"("\u001b]0;title\u0007")");
  CHECK(quote_value("redis://:hunter2@host:6379/0") == R"("redis://…@host:6379/0")");
  CHECK(quote_value("user:hun@ter 2@host") == R"("…@host")");
  CHECK(quote_value("http://host/stream?token=hunter2#part") == R"("http://host/stream?…")");
  CHECK(quote_value(std::string(5'000, 'x')).size() < 210);
}

TEST_CASE("a message hides the secrets in its words and keeps its lines") {
  CHECK(printable_message("--url: http://me:hunter2@host/a?b is no stream\nSee --help.\n") ==
        "--url: http://…@host/a?… is no stream\nSee --help.\n");
  CHECK(printable_message("not expected: --redis=redis://:hun ter2@host\x1b") ==
        R"(not expected: --redis=redis://…@host\u001b)");
  CHECK(printable_message("  port  70000 ") == "  port  70000 ");
}

TEST_CASE("a log line is limited and printable and bounded") {
  const regstream::test::CapturedLog captured;
  for (int time = 0; time < 5; ++time) {
    regstream::logging::warn("test", "redis said {}", "\x1b[2J\nforged line");
  }
  regstream::logging::error("test of another", "{}", std::string(1 << 20, 'x'));
  CHECK(
      captured.text().starts_with("warning: redis said \\u001b[2J\\u000aforged line\nerror: xxx"));
  CHECK(captured.text().size() < 1'100);
}
