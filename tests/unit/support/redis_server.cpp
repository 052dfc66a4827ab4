#include "redis_server.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace regstream::test {
namespace {

/// REGSTREAM_TEST_REDIS names another one: Valkey's server, say.
const char* program() {
  const char* const other = std::getenv("REGSTREAM_TEST_REDIS");
  return other != nullptr && *other != '\0' ? other : "redis-server";
}

/// Reads the server's log until it says that it is ready; false if it ends before.
bool wait_until_ready(int log) {
  constexpr auto patience = std::chrono::seconds{20};
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::string text;
  std::array<char, 4096> chunk{};
  while (text.find("Ready to accept connections") == std::string::npos) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd readable{log, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) <= 0) {
      return false;
    }
    const auto size = ::read(log, chunk.data(), chunk.size());
    if (size <= 0) {
      return false;
    }
    text.append(chunk.data(), static_cast<std::size_t>(size));
  }
  return true;
}

}  // namespace

std::uint16_t unused_port() {
  using boost::asio::ip::tcp;
  boost::asio::io_context context;
  const tcp::acceptor acceptor{context, {boost::asio::ip::address_v4::loopback(), 0}};
  return acceptor.local_endpoint().port();
}

RedisServer::RedisServer(std::string password, RedisData data)
    : password_(std::move(password)), data_(data) {
  std::string name = (std::filesystem::temp_directory_path() / "regstream-redis-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("no temporary directory for redis-server");
  }
  directory_ = name;
  // Another process may take the port between finding and using it.
  for (int attempt = 0; attempt < 5; ++attempt) {
    port_ = unused_port();
    if (try_start()) {
      return;
    }
    kill();
  }
  std::filesystem::remove_all(directory_);
  throw std::runtime_error("redis-server does not start: is it installed?");
}

RedisServer::~RedisServer() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void RedisServer::kill() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
  }
}

void RedisServer::start() {
  if (!try_start()) {
    kill();
    throw std::runtime_error("redis-server does not start again on its port");
  }
}

void RedisServer::pause() const {
  ::kill(process_, SIGSTOP);
}
void RedisServer::resume() const {
  ::kill(process_, SIGCONT);
}

// A folder in its place, since root may write what nobody else may.
void RedisServer::break_disk() const {
  std::filesystem::create_directories(directory_ / "dump.rdb" / "in the way");
}
void RedisServer::mend_disk() const {
  std::filesystem::remove_all(directory_ / "dump.rdb");
}

bool RedisServer::try_start() {
  std::array<int, 2> log{};
  if (::pipe(log.data()) != 0) {
    return false;
  }
  const std::string port = std::to_string(port_);
  const std::string directory = directory_.string();
  const char* const append_only = data_ == RedisData::kept ? "yes" : "no";
  const char* const redis = program();
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ == 0) {
    // A test program that crashes must not leave its server behind.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
      ::_exit(127);
    }
    ::dup2(log[1], STDOUT_FILENO);
    ::dup2(log[1], STDERR_FILENO);
    ::close(log[0]);
    ::close(log[1]);
    ::execlp(redis, redis, "--port", port.c_str(), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", append_only, "--appendfsync", "always", "--daemonize", "no",
             "--logfile", "", "--dir", directory.c_str(), "--requirepass", password_.c_str(),
             nullptr);
    ::_exit(127);
  }
  ::close(log[1]);
  const bool is_ready = process_ > 0 && wait_until_ready(log[0]);
  ::close(log[0]);
  return is_ready;
}

}  // namespace regstream::test
