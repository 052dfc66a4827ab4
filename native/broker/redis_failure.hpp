#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/types.h>
#include <boost/system/error_code.hpp>

#include <regstream/broker/redis_options.hpp>
#include <regstream/time.hpp>

#include "broker/history/failure.hpp"

namespace regstream::broker {

/// The credentials of a connection.
enum class RedisLogin : std::uint8_t {
  server,    ///< `RedisOptions::username` and `password`.
  sentinel,  ///< `sentinel_username` and `sentinel_password`.
};

/// The server that a failure is about. `options` must outlive it.
struct RedisPeer {
  /// Not explicit: by default, the Redis that the options name.
  RedisPeer(const RedisOptions& the_options)  // NOLINT(google-explicit-constructor)
      : options(&the_options),
        address(address_of(the_options)),
        shown(redis_address(the_options)) {}
  RedisPeer(const RedisOptions& the_options, RedisAddress the_address, RedisLogin the_login)
      : options(&the_options),
        address(std::move(the_address)),
        shown(to_string(address)),
        login(the_login) {}

  const RedisOptions* options;
  RedisAddress address;
  std::string shown;  ///< Where it is: its address, or the sentinels or nodes that know it.
  RedisLogin login = RedisLogin::server;
};

[[nodiscard]] RedisFailure resolve_failure(const RedisPeer& peer);
[[nodiscard]] RedisFailure connect_failure(const RedisPeer& peer,
                                           const boost::system::error_code& error);
[[nodiscard]] RedisFailure connect_timeout_failure(const RedisPeer& peer, Duration waited,
                                                   bool is_securing = false);
/// The files for TLS can't be used; `problem` says why.
[[nodiscard]] RedisFailure tls_files_failure(const RedisPeer& peer, const std::string& problem);
/// TLS failed, in its handshake or at the first read. `error` is OpenSSL's.
[[nodiscard]] RedisFailure tls_failure(const RedisPeer& peer, const SSL* tls,
                                       const boost::system::error_code& error);
/// The connection ended before Redis sent anything. `tls` is null without TLS.
[[nodiscard]] RedisFailure unanswered_failure(const RedisPeer& peer, const SSL* tls,
                                              const boost::system::error_code& error);
[[nodiscard]] RedisFailure lost_failure(const RedisPeer& peer,
                                        const boost::system::error_code& error);
/// An exception ended the connection. The context's loop throws it.
[[nodiscard]] RedisFailure interrupted_failure(const RedisPeer& peer);
[[nodiscard]] RedisFailure silent_failure(const RedisPeer& peer);
/// Someone called SCRIPT FLUSH or FLUSHALL. The next connection loads the script again.
[[nodiscard]] RedisFailure flushed_failure(const RedisPeer& peer);
/// `bytes` are the first bytes that were read, or empty.
[[nodiscard]] RedisFailure not_redis_failure(const RedisPeer& peer, std::string_view bytes = {});
[[nodiscard]] RedisFailure oversized_failure(const RedisPeer& peer, std::size_t bytes_max);

/// The meaning of an error reply ("NOAUTH Authentication required.").
[[nodiscard]] RedisFailure reply_failure(const RedisPeer& peer, std::string_view reply);

/// The same for the reply to AUTH. It is never quoted: Redis quotes the arguments of an unknown
/// command (AUTH renamed), and those contain the password. `ping_reply` is the reply to the PING
/// after it (empty: there was none). It distinguishes a Redis that wants no password from one that
/// wants a user name: both say that the default user has no password.
[[nodiscard]] RedisFailure auth_failure(const RedisPeer& peer, std::string_view reply,
                                        std::string_view ping_reply = {});

}  // namespace regstream::broker
