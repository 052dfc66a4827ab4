#include "redis_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>

namespace {

constexpr std::string_view line_end = "\r\n";

[[noreturn]] void throw_system(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int connect_to(std::uint16_t port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    throw_system("socket");
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(descriptor);
    throw_system("can't connect to Redis");
  }
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

// RESP2: a line, and behind it what the line announces.
std::optional<std::string_view> take_line(std::string_view& bytes) {
  const std::size_t end = bytes.find(line_end);
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + line_end.size());
  return line;
}

std::size_t length_in(std::string_view line) {
  std::size_t length = 0;
  std::from_chars(line.data() + 1, line.data() + line.size(), length);
  return length;
}

std::optional<std::string_view> take_item(std::string_view& bytes) {
  const std::optional<std::string_view> line = take_line(bytes);
  if (!line || line->empty() || line->front() != '$') {
    return line;
  }
  const std::size_t length = length_in(*line);
  if (bytes.size() < length + line_end.size()) {
    return std::nullopt;
  }
  const std::string_view text = bytes.substr(0, length);
  bytes.remove_prefix(length + line_end.size());
  return text;
}

}  // namespace

RedisSocket::RedisSocket(std::uint16_t port) : descriptor_(connect_to(port)) {}

RedisSocket::~RedisSocket() {
  close(descriptor_);
}

void RedisSocket::send(std::initializer_list<std::string_view> words) {
  std::string command = '*' + std::to_string(words.size()) + std::string(line_end);
  for (const std::string_view word : words) {
    command += '$' + std::to_string(word.size()) + std::string(line_end);
    command.append(word).append(line_end);
  }
  std::string_view rest = command;
  while (!rest.empty()) {
    const ssize_t sent = ::send(descriptor_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) {
      throw_system("can't write to Redis");
    }
    rest.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
  }
}

void RedisSocket::receive(bool waits) {
  incoming_.erase(0, taken_);
  taken_ = 0;
  std::array<char, 64U << 10U> bytes;
  const ssize_t size = recv(descriptor_, bytes.data(), bytes.size(), waits ? 0 : MSG_DONTWAIT);
  if (size > 0) {
    incoming_.append(bytes.data(), static_cast<std::size_t>(size));
  } else if (size == 0) {
    throw std::runtime_error("Redis ended the connection");
  } else if (errno != EAGAIN && errno != EINTR) {
    throw_system("can't read from Redis");
  }
}

std::optional<std::vector<std::string_view>> RedisSocket::next_reply() {
  std::string_view bytes = std::string_view(incoming_).substr(taken_);
  std::size_t items = 1;
  if (bytes.starts_with('*')) {
    const std::optional<std::string_view> line = take_line(bytes);
    if (!line) {
      return std::nullopt;
    }
    items = length_in(*line);
  }
  std::vector<std::string_view> reply;
  while (reply.size() < items) {
    const std::optional<std::string_view> item = take_item(bytes);
    if (!item) {
      return std::nullopt;
    }
    reply.push_back(*item);
  }
  taken_ = incoming_.size() - bytes.size();
  return reply;
}
