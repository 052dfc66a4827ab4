#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <sys/types.h>

/// A real redis-server on a free loopback port, for one test; or what REGSTREAM_TEST_REDIS names.
namespace regstream::test {

/// What a killed server has when it starts again.
enum class RedisData : std::uint8_t {
  lost,  ///< Nothing: it keeps no data on disk.
  kept,  ///< Everything that it acknowledged.
};

class RedisServer {
 public:
  /// Started, and ready for connections. Throws std::runtime_error if there is no redis-server.
  explicit RedisServer(std::string password = {}, RedisData data = RedisData::lost);
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer();

  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// SIGKILL: its connections are reset, its port refuses.
  void kill();
  /// On the same port, after `kill`.
  void start();
  /// The same, from its dump: without the file by which it keeps all.
  void start_without_appendonly() {
    data_ = RedisData::lost;
    start();
  }
  /// SIGSTOP: connections stay open, nothing answers.
  void pause() const;
  void resume() const;
  /// From now on it can't write its dump, and then it can again.
  void break_disk() const;
  void mend_disk() const;

 private:
  [[nodiscard]] bool try_start();

  std::string password_;
  RedisData data_;
  std::filesystem::path directory_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

/// A port that was free a moment ago, so that connecting to it is refused.
[[nodiscard]] std::uint16_t unused_port();

}  // namespace regstream::test
