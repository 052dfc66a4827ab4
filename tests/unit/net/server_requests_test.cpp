#include <string>

#include <catch2/catch.hpp>

#include "net_client.hpp"
#include "net_running_server.hpp"

using namespace regstream::net;

TEST_CASE("Bytes that are not HTTP are answered 400 and the connection ends") {
  const RunningServer running;
  const std::string bytes = GENERATE(
      as<std::string>{}, "garbage\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n", "GET /hello\r\n\r\n",
      "GET /hello HTTP/3.0\r\n\r\n", "GET /hello HTTP/1.1\r\nHost x\r\n\r\n",
      "GET /hello HTTP/1.1\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  INFO(bytes);
  Client client(running.port());
  client.send(bytes);
  const std::string response = client.read_to_end();
  CHECK(status_of(response) == 400);
  CHECK(response.find("Content-Type: application/problem+json") != std::string::npos);
}

TEST_CASE("A body in an unknown encoding is not read as the next request") {
  const RunningServer running;
  const std::string encoding =
      GENERATE(as<std::string>{}, "gzip", "chunked, gzip", "identity", "xchunked", "chunked;a=b");
  Client client(running.port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + encoding +
              "\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string responses = client.read_to_end();
  CHECK(status_of(responses) == 400);
  CHECK(responses.find("hello") == std::string::npos);
}

TEST_CASE("A folded field line is refused whichever it is and however it arrives") {
  const RunningServer running;
  const std::string fields = GENERATE(
      as<std::string>{}, "Host: x\r\nTransfer-Encoding:\r\n chunked\r\n",
      "Host: x\r\nTransfer-Encoding: chunked\r\n \r\n",
      "Host: x\r\nTransfer-Encoding: chunked\r\n\t\r\n", "Host: x\r\nContent-Length:\r\n\t5\r\n",
      "Host: x\r\nContent-Length: 5\r\n \r\n", "Host:\r\n x\r\n", "Host: x\r\n y\r\n",
      "Host: x\r\nX: a\r\n b\r\n", "Host: x\r\n \r\n", " X: a\r\nHost: x\r\n");
  INFO(fields);
  const std::string request = "POST /echo HTTP/1.1\r\n" + fields + "\r\n";
  const std::string rest = "5\r\nhello\r\n0\r\n\r\n";
  Client whole(running.port());
  whole.send(request + rest);
  CHECK(status_of(whole.read_to_end()) == 400);

  Client split(running.port());
  for (const char letter : request) {
    split.send(std::string(1, letter));
  }
  CHECK(status_of(split.read_to_end()) == 400);
}

TEST_CASE("A body may have lines that begin with a space") {
  const RunningServer running;
  Client client(running.port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n a\r\n b\r\n");
  CHECK(client.read_response().ends_with("\r\n\r\n a\r\n b\r\n"));
}

TEST_CASE("The refusal of a HEAD has a length and no body") {
  const RunningServer running({.body_bytes_max = 10});
  const std::string close = "Host: x\r\nConnection: close\r\n";
  const auto [status, target, fields] = GENERATE_COPY(table<int, std::string, std::string>(
      {{400, "/hello", "Host: x\r\nHost: y\r\n"},
       {400, "/hello", "Host: x\r\nX: a\r\n b\r\n"},
       {400, "/hello", "Host: x\r\nX\r\n"},
       {400, "/%00", close},
       {404, "/nothing", close},
       {413, "/hello", "Host: x\r\nContent-Length: 11\r\n"},
       {413, "/hello", "Host: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n"},
       {414, "/" + std::string(10'000, 'a'), "Host: x\r\n"},
       {421, "/hello", "Host: elsewhere\r\n"},
       {431, "/hello", "Host: x\r\nX: " + std::string(100'000, 'a') + "\r\n"}}));
  Client client(running.port());
  client.send("HEAD " + target + " HTTP/1.1\r\n" + fields + "\r\n");
  const std::string response = client.read_to_end();
  INFO(fields << response);
  CHECK(status_of(response) == status);
  CHECK(response.find("\r\nContent-Length: ") != std::string::npos);
  CHECK(response.find("\r\nContent-Length: 0\r\n") == std::string::npos);
  CHECK(response.ends_with("\r\n\r\n"));
}

TEST_CASE("A few empty lines before a request are ignored") {
  const RunningServer running;
  Client client(running.port());
  client.send("\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n\r\nGET /hello HTTP/1.1\r\n");
  CHECK(status_of(client.read_response()) == 200);
  client.send("Host: x\r\n\r\n\r");
  CHECK(status_of(client.read_response()) == 200);
  client.send("\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(status_of(client.read_response()) == 200);

  Client only_empty(running.port());
  only_empty.send("\r\n\r\n\r\n\r\n\r\n\r\n");
  CHECK(status_of(only_empty.read_to_end()) == 400);
}

TEST_CASE("Trailer fields stay out of the header") {
  const RunningServer running;
  Client client(running.port());
  client.send(
      "POST /fields HTTP/1.1\r\nHost: x\r\nX-Header: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nab\r\n0\r\nX-Trailer: 2\r\nX-Header: 3\r\n\r\n");
  CHECK(client.read_response().ends_with("\r\n\r\n,1,ab"));
  CHECK(hello_status(client) == 200);
}

TEST_CASE("Endless chunk extensions and trailers are refused") {
  const RunningServer running;
  const std::string begun =
      GENERATE(as<std::string>{}, "1;", "1;a=\"", "0\r\n", "0\r\nX: ", "1\r\na\r\n0;");
  Client client(running.port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + begun +
              std::string(100'000, 'a'));
  CHECK(status_of(client.read_to_end()) == 400);
}

TEST_CASE("A header of very many fields is refused before it has ended") {
  const RunningServer running;
  Client client(running.port());
  std::string fields;
  for (int count = 0; count < 200; ++count) {
    fields += "a:\r\n";
  }
  client.send("GET /hello HTTP/1.1\r\nHost: x\r\n" + fields);
  CHECK(status_of(client.read_to_end()) == 431);
}

TEST_CASE("A target that is not a path is answered 400 and the connection goes on") {
  const RunningServer running;
  Client client(running.port());
  client.get("/%00");
  CHECK(status_of(client.read_response()) == 400);
  CHECK(hello_status(client) == 200);
}

TEST_CASE("A request may be about the server as a whole") {
  const RunningServer running;
  Client client(running.port());
  client.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string response = client.read_until("\r\n\r\n");
  CHECK(status_of(response) == 204);
  CHECK(response.find("\r\nAllow: GET, HEAD, OPTIONS, POST\r\n") != std::string::npos);
  CHECK(hello_status(client) == 200);
}

TEST_CASE("A header beyond the limit is answered 431") {
  const RunningServer running;
  Client client(running.port());
  client.get("/hello", "X: " + std::string(100'000, 'a') + "\r\n");
  CHECK(status_of(client.read_to_end()) == 431);
}

TEST_CASE("A body beyond the limit is answered 413 whether announced or not") {
  const RunningServer running({.body_bytes_max = 1'000});
  Client announced(running.port());
  announced.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" +
                 std::string(2'000'000, 'a'));
  CHECK(status_of(announced.read_to_end()) == 413);

  Client chunked(running.port());
  chunked.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
               std::string(2'000, 'a') + "\r\n0\r\n\r\n");
  CHECK(status_of(chunked.read_to_end()) == 413);

  Client largest(running.port());
  largest.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" +
               std::string(1'000, 'a'));
  CHECK(status_of(largest.read_response()) == 200);
}

TEST_CASE("A client that waits for 100 Continue gets it") {
  const RunningServer running;
  Client client(running.port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  CHECK(client.read_response().ends_with("\r\n\r\nok"));
}
