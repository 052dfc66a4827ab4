#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <catch2/catch.hpp>

#include "net/tls_credentials.hpp"
#include "net/tls_session.hpp"
#include "temporary_folder.hpp"
#include "test_certificate.hpp"

using namespace regstream::net;
using regstream::test::TemporaryFolder;
using regstream::test::write_certificate;
namespace fs = std::filesystem;

namespace {

/// Two ends of one connection; neither blocks, and the server's takes little at a time.
struct Ends {
  Ends() {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    const int little = 4096;
    ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  ~Ends() {
    ::close(ends[0]);
    ::close(ends[1]);
  }

  [[nodiscard]] int server() const { return ends[0]; }
  [[nodiscard]] int client() const { return ends[1]; }

  std::array<int, 2> ends{};
};

/// OpenSSL's own client, which trusts any certificate.
class Client {
 public:
  explicit Client(int socket)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        tls_(SSL_new(context_.get()), SSL_free) {
    SSL_set_fd(tls_.get(), socket);
    SSL_set_connect_state(tls_.get());
  }

  SSL* tls() { return tls_.get(); }

  void offer(std::string_view protocols) {
    SSL_set_alpn_protos(tls(), reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
  }

  /// What has arrived, at most `size` bytes. Empty: nothing yet, or the end.
  std::string read(std::size_t size) {
    std::string into(size, '\0');
    std::size_t bytes = 0;
    ERR_clear_error();
    result = SSL_get_error(tls(), SSL_read_ex(tls(), into.data(), size, &bytes));
    into.resize(bytes);
    return into;
  }

  int result = SSL_ERROR_NONE;

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
};

/// The step that the server's handshake came to; the client has done its part by then.
TlsStep shake_hands(TlsSession& server, Client& client) {
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(client.tls());
    const TlsStep step = server.handshake().step;
    const int error = SSL_get_error(client.tls(), done);
    const bool goes_on = step == TlsStep::wants_read || step == TlsStep::wants_write;
    const bool client_failed = done != 1 && error != SSL_ERROR_WANT_READ;
    if (!goes_on || client_failed) {
      // TLS 1.3: the client has ended before the server.
      return goes_on ? TlsStep::failed : step;
    }
  }
}

struct Credentials {
  TlsFiles files() const {
    return {.certificate = (folder / "cert.pem").string(), .key = (folder / "key.pem").string()};
  }
  void write(int days = 1) const { write_certificate(files().certificate, files().key, days); }

  TemporaryFolder folder;
};

TlsCredentials new_credentials(const Credentials& given) {
  given.write();
  return TlsCredentials(given.files());
}

/// The certificate that a new connection is shown, as its signature.
std::string shown_by(const TlsCredentials& credentials) {
  const Ends ends;
  const auto server = credentials.accept(ends.server());
  Client client(ends.client());
  REQUIRE(shake_hands(*server, client) == TlsStep::done);
  const ASN1_BIT_STRING* signature = nullptr;
  X509_get0_signature(&signature, nullptr, SSL_get0_peer_certificate(client.tls()));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(signature)),
          static_cast<std::size_t>(ASN1_STRING_length(signature))};
}

/// Text in which no part is like another.
std::string numbers(std::size_t size) {
  std::string text;
  for (int number = 0; text.size() < size; ++number) {
    text.append(std::to_string(number)).append(" ");
  }
  text.resize(size);
  return text;
}

}  // namespace

TEST_CASE("bytes written over TLS arrive complete and in order however little the socket takes") {
  const Credentials given;
  const TlsCredentials credentials = new_credentials(given);
  const Ends ends;
  const auto server = credentials.accept(ends.server());
  Client client(ends.client());
  REQUIRE(shake_hands(*server, client) == TlsStep::done);

  const std::string sent = numbers(1U << 20U);
  std::string received;
  std::size_t written = 0;
  std::size_t more = 1;  // A retried write is at another address and has more bytes after it.
  std::size_t waits = 0;
  while (written < sent.size()) {
    const TlsResult result = server->write(std::string(sent.substr(written, more)));
    if (result.step == TlsStep::done) {
      REQUIRE(result.bytes > 0);
      written += result.bytes;
      more = 1 + written % 20'000;
    } else {
      REQUIRE(result.step == TlsStep::wants_write);
      ++waits;
      more += 7;
      received += client.read(5'000);
    }
  }
  while (received.size() < sent.size()) {
    received += client.read(5'000);
    REQUIRE(client.result == SSL_ERROR_NONE);
  }
  CHECK((received == sent));  // Not shown: a mebibyte.
  CHECK(waits > 10);
}

TEST_CASE("an end of TLS in good order differs from a cut connection") {
  const Credentials given;
  const TlsCredentials credentials = new_credentials(given);
  const Ends ends;
  const auto server = credentials.accept(ends.server());
  Client client(ends.client());
  REQUIRE(shake_hands(*server, client) == TlsStep::done);
  SECTION("in good order") {
    CHECK(server->shut_down().step == TlsStep::done);
    client.read(1);
    CHECK(client.result == SSL_ERROR_ZERO_RETURN);
  }
  SECTION("cut") {
    ::shutdown(ends.server(), SHUT_WR);
    client.read(1);
    CHECK(client.result != SSL_ERROR_ZERO_RETURN);
    CHECK(client.result != SSL_ERROR_WANT_READ);
  }
  SECTION("by the peer") {
    SSL_shutdown(client.tls());
    std::array<char, 8> into{};
    TlsStep step = TlsStep::wants_read;
    while (step == TlsStep::wants_read) {  // A record at a time.
      step = server->read(into).step;
    }
    CHECK(step == TlsStep::ended);
  }
}

TEST_CASE("bytes that are not TLS fail and HTTP without TLS is recognised") {
  const Credentials given;
  const TlsCredentials credentials = new_credentials(given);
  const auto [bytes, is_http] = GENERATE(table<std::string, bool>({
      {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", true},
      {"POST /a HTTP/1.1\r\n\r\n", true},
      {"SSH-2.0-OpenSSH_9.2\r\n", false},
      {std::string(64, '\0'), false},
      {"\x16\x03\x01\x02" + std::string(1'000, '\xff'), false},
      {std::string("\x15\x03\x03\0\2\2\x28", 7), false},
  }));
  CAPTURE(bytes);
  const Ends ends;
  const auto server = credentials.accept(ends.server());
  REQUIRE(::send(ends.client(), bytes.data(), bytes.size(), 0) ==
          static_cast<ssize_t>(bytes.size()));
  CHECK(server->handshake().step == TlsStep::failed);
  CHECK(server->has_seen_http() == is_http);
}

TEST_CASE("a handshake waits for missing bytes at every byte") {
  const Credentials given;
  const TlsCredentials credentials = new_credentials(given);
  const Ends way;  // The client's bytes, before they are handed on one by one.
  const Ends ends;
  const auto server = credentials.accept(ends.server());
  Client client(way.client());
  SSL_do_handshake(client.tls());
  std::string hello(16'384, '\0');
  hello.resize(static_cast<std::size_t>(::recv(way.server(), hello.data(), hello.size(), 0)));
  for (const char byte : hello.substr(0, hello.size() - 1)) {
    REQUIRE(::send(ends.client(), &byte, 1, 0) == 1);
    REQUIRE(server->handshake().step == TlsStep::wants_read);
  }
}

TEST_CASE("a detached session touches no socket any more") {
  const Credentials given;
  const TlsCredentials credentials = new_credentials(given);
  const Ends ends;
  const auto server = credentials.accept(ends.server());
  Client client(ends.client());
  REQUIRE(shake_hands(*server, client) == TlsStep::done);
  while (!client.read(1).empty() || client.result != SSL_ERROR_WANT_READ) {
  }
  server->detach();
  std::array<char, 8> into{};
  CHECK(server->read(into).step == TlsStep::failed);
  CHECK(server->write("secret").step == TlsStep::failed);
  char byte = 0;
  CHECK(::recv(ends.client(), &byte, 1, 0) == -1);
}

TEST_CASE("HTTP/1.1 is chosen and clients without it are refused") {
  using std::string_view_literals::operator""sv;
  const Credentials given;
  const TlsCredentials credentials = new_credentials(given);
  const auto [offered, chosen] = GENERATE(table<std::string_view, std::string_view>({
      {"\x02h2\x08http/1.1"sv, "http/1.1"sv},
      {"\x08http/1.1"sv, "http/1.1"sv},
      {"\x02h2"sv, "none"sv},
  }));
  const Ends ends;
  const auto server = credentials.accept(ends.server());
  Client client(ends.client());
  client.offer(offered);
  CHECK(shake_hands(*server, client) == (chosen == "none" ? TlsStep::failed : TlsStep::done));
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(client.tls(), &protocol, &size);
  CHECK((size == 0 ? "none"sv : std::string_view(reinterpret_cast<const char*>(protocol), size)) ==
        chosen);
}

TEST_CASE("TLS before 1.2 is refused") {
  const Credentials given;
  const TlsCredentials credentials = new_credentials(given);
  const Ends ends;
  const auto server = credentials.accept(ends.server());
  Client client(ends.client());
  SSL_set_min_proto_version(client.tls(), TLS1_VERSION);
  SSL_set_max_proto_version(client.tls(), TLS1_1_VERSION);
  SSL_set_security_level(client.tls(), 0);
  CHECK(shake_hands(*server, client) == TlsStep::failed);
}

TEST_CASE("new connections use reloaded files if these are usable") {
  const Credentials given;
  TlsCredentials credentials = new_credentials(given);
  const TlsFiles files = given.files();
  const std::string before = shown_by(credentials);
  const auto reload = [&credentials] { return credentials.reload().value_or("well"); };
  SECTION("good ones") {
    given.write();
    CHECK(reload() == "well");
    CHECK(shown_by(credentials) != before);
    return;
  }
  SECTION("another certificate's key") {
    write_certificate(files.certificate, (given.folder / "other.pem").string());
    CHECK_THAT(reload(), Catch::Contains("does not belong to the certificate"));
  }
  SECTION("none") {
    fs::remove(files.key);
    CHECK_THAT(reload(), Catch::Contains("key.pem\" can't be read: No such file"));
  }
  SECTION("no certificate") {
    std::ofstream(files.certificate) << "nothing";
    CHECK_THAT(reload(), Catch::Contains("has no usable PEM certificate"));
  }
  SECTION("no key") {
    std::ofstream(files.key) << "nothing";
    CHECK_THAT(reload(), Catch::Contains("has no PEM private key"));
  }
  SECTION("one that has expired") {
    given.write(-1);
    CHECK_THAT(reload(), Catch::Contains("has expired"));
  }
  SECTION("one that is not valid yet") {
    given.write(4);
    CHECK_THAT(reload(), Catch::Contains("is not valid yet"));
  }
  CHECK(shown_by(credentials) == before);
}

TEST_CASE("the expiry is that of the first certificate to expire in the file of new connections") {
  constexpr std::int64_t day = 24 * 60 * 60;
  const auto days_left = [](const TlsCredentials& credentials) {
    const std::int64_t left = credentials.expiry_timestamp_s() - std::time(nullptr);
    return (left + day / 2) / day;
  };
  const Credentials given;
  given.write(2);
  TlsCredentials credentials(given.files());
  CHECK(days_left(credentials) == 2);

  const TlsFiles issuer{.certificate = (given.folder / "issuer.pem").string(),
                        .key = (given.folder / "issuer.key").string()};
  write_certificate(issuer.certificate, issuer.key, 1);
  std::ofstream(given.files().certificate, std::ios::app)
      << std::ifstream(issuer.certificate).rdbuf();
  CHECK(days_left(credentials) == 2);
  CHECK_FALSE(credentials.reload());
  CHECK(days_left(credentials) == 1);

  given.write(-1);
  CHECK(credentials.reload());
  CHECK(days_left(credentials) == 1);
}

TEST_CASE("unusable files are an error at the start") {
  const Credentials given;
  CHECK_THROWS_WITH(TlsCredentials(given.files()), Catch::Contains("can't be read"));
  given.write(-1);
  CHECK_NOTHROW(TlsCredentials(given.files()));  // Its clients decide; the log warns.
}
