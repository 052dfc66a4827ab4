#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <sys/types.h>
#include <time.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include <regstream/broker/redis_options.hpp>

#include "broker/redis_failure.hpp"
#include "net/wire.hpp"

namespace regstream::broker {

/// The files of a `RedisTls`, as last read. Safe from any thread.
class RedisTlsFiles {
 public:
  using Context = std::shared_ptr<boost::asio::ssl::context>;

  /// The TLS context for a new connection. Reads files that have changed. If they can't be used, or
  /// the certificate is not valid now, the log says why, and the previous context stays. Throws
  /// std::runtime_error with one sentence if there is no previous one. `tls` must always be the
  /// same.
  [[nodiscard]] Context context(const RedisTls& tls);

 private:
  /// What changes with each write of a file, and when another file replaces it.
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    time_t changed_s = 0;
    long changed_ns = 0;

    [[nodiscard]] bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::array<Stamp, 3>;

  [[nodiscard]] static Stamps stamps_of(const RedisTls& tls);

  std::mutex mutex_;
  std::optional<Stamps> seen_;  // Of the files last read, usable or not.
  Context context_;             // Null: no usable files yet.
};

/// Makes the wire of a new connection, or returns why the files for TLS can't be used.
[[nodiscard]] std::optional<RedisFailure> make_wire(std::optional<net::Wire>& wire,
                                                    boost::asio::io_context& context,
                                                    const RedisPeer& peer);

/// The name that the certificate of the server at `address` must have.
[[nodiscard]] const std::string& expected_name(const RedisTls& tls, const RedisAddress& address);

}  // namespace regstream::broker
