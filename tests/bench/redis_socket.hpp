#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A connection to the Redis on this machine, as plain as can be. What goes wrong is thrown as
// std::runtime_error.
class RedisSocket {
 public:
  explicit RedisSocket(std::uint16_t port);
  RedisSocket(const RedisSocket&) = delete;
  RedisSocket& operator=(const RedisSocket&) = delete;
  ~RedisSocket();

  [[nodiscard]] int descriptor() const { return descriptor_; }

  // A command and its arguments. Waits until the system has all of it.
  void send(std::initializer_list<std::string_view> words);

  // Takes in what Redis has sent. Waits for something only if `waits`.
  void receive(bool waits);

  // The next reply that is here as a whole, one that is no list as a list of one; nothing: there is
  // none yet. Holds until the next call.
  [[nodiscard]] std::optional<std::vector<std::string_view>> next_reply();

 private:
  int descriptor_;
  std::string incoming_;
  std::size_t taken_ = 0;  // Of `incoming_`, from its beginning.
};
