#include "broker/redis_failure.hpp"

#include <algorithm>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include "broker/history_names.hpp"
#include "broker/redis_acl.hpp"
#include "net/tls_client.hpp"

namespace regstream::broker {
namespace {

std::string redis_at(const RedisPeer& peer) {
  return (peer.login == RedisLogin::sentinel ? "the sentinel at " : "redis at ") + peer.shown;
}

/// What names the server, and so what to check.
std::string naming(const RedisPeer& peer) {
  if (peer.login == RedisLogin::sentinel) {
    return "REDIS_SENTINELS";
  }
  if (!peer.options->sentinels.empty()) {
    return "the address that the sentinels announce (replica-announce-ip)";
  }
  if (!peer.options->cluster_nodes.empty()) {
    return "REDIS_CLUSTER_NODES, and the addresses that the nodes announce (cluster-announce-ip)";
  }
  return "REDIS_URL, or REDIS_HOST and REDIS_PORT (or --redis HOST:PORT)";
}

/// The variables of a login.
struct LoginNames {
  std::string username;
  std::string password;
};
LoginNames login_names(const RedisPeer& peer) {
  return peer.login == RedisLogin::sentinel
             ? LoginNames{"REDIS_SENTINEL_USERNAME", "REDIS_SENTINEL_PASSWORD"}
             : LoginNames{"REDIS_USERNAME", "REDIS_PASSWORD"};
}
bool has_username(const RedisPeer& peer) {
  return !(peer.login == RedisLogin::sentinel ? peer.options->sentinel_username
                                              : peer.options->username)
              .empty();
}

/// The peer has closed the connection, with or without TLS's close message.
bool is_end(const boost::system::error_code& error) {
  return error == boost::asio::error::eof || error == boost::asio::ssl::error::stream_truncated;
}

std::string how_it_ended(const boost::system::error_code& error) {
  return is_end(error) ? "it closed the connection" : error.message();
}

/// A TLS server's answer to plain text: an alert (RFC 8446, 5.1 and 6).
bool is_tls_alert(std::string_view bytes) {
  return bytes.starts_with("\x15\x03");
}

/// A peer's text as one line of bounded length, without control characters, which a terminal would
/// obey.
std::string printable(std::string_view text) {
  constexpr std::size_t length_max = 160;
  std::string line{text.substr(0, length_max)};
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text.size() > length_max ? line + "..." : line;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Redis's error for AUTH with a password when the default user has none: before version 6, and
/// since.
bool has_no_password(std::string_view reply) {
  return contains(reply, "no password is set") ||
         contains(reply, "without any password configured");
}

}  // namespace

RedisFailure resolve_failure(const RedisPeer& peer) {
  return {RedisFailureKind::unresolvable,
          redis_at(peer) + ": the host's name can't be resolved: check " + naming(peer)};
}

RedisFailure connect_failure(const RedisPeer& peer, const boost::system::error_code& error) {
  if (error == boost::asio::error::connection_refused) {
    return {RedisFailureKind::refused,
            redis_at(peer) +
                " refused the connection: is redis-server running? Start it, or "
                "check " +
                naming(peer)};
  }
  return {RedisFailureKind::unreachable, redis_at(peer) + " can't be reached (" + error.message() +
                                             "): check " + naming(peer) + ", and the network"};
}

RedisFailure connect_timeout_failure(const RedisPeer& peer, Duration waited, bool is_securing) {
  const std::string time = " within " + std::to_string(waited.count()) + " ms";
  if (is_securing) {
    return {RedisFailureKind::timed_out, redis_at(peer) + " did not answer the TLS handshake" +
                                             time +
                                             ": if it has no TLS on that port, write redis:// "
                                             "instead of rediss://, or give its tls-port"};
  }
  return {RedisFailureKind::timed_out,
          redis_at(peer) + " did not answer" + time +
              ": check that it is up, that host and port are right, and the firewall"};
}

RedisFailure tls_files_failure(const RedisPeer& peer, const std::string& problem) {
  return {RedisFailureKind::insecure, "no TLS with " + redis_at(peer) + ": " + problem};
}

RedisFailure tls_failure(const RedisPeer& peer, const SSL* tls,
                         const boost::system::error_code& error) {
  using Kind = net::TlsFault::Kind;
  const net::TlsFault fault = net::find_tls_fault(tls, error);
  const std::string redis = redis_at(peer);
  const std::string certificate = "the certificate of " + redis;
  const auto insecure = [](std::string what) {
    return RedisFailure{RedisFailureKind::insecure, std::move(what)};
  };
  switch (fault.kind) {
    case Kind::expired:
      return insecure(certificate + " has expired: give it a new one");
    case Kind::not_yet_valid:
      return insecure(certificate + " is not valid yet; or this machine's clock is wrong");
    case Kind::other_name:
      return insecure(certificate +
                      " is for another name: connect by a name that it has, or give one of those "
                      "as REDIS_SERVER_NAME");
    case Kind::unknown_issuer:
      return insecure(certificate + " is by an issuer that is not trusted here (" + fault.detail +
                      "): give the issuer's certificate as REDIS_CA_FILE");
    case Kind::invalid:
      return insecure(certificate + " is not valid: " + fault.detail);
    case Kind::no_tls:
      return insecure(redis +
                      " does not speak TLS there: write redis:// instead of rediss://, or give its "
                      "tls-port");
    case Kind::certificate_wanted:
      return insecure(redis + " wants a client's certificate (" + fault.detail +
                      "): give REDIS_CERT_FILE and REDIS_KEY_FILE, or set its tls-auth-clients to "
                      "no");
    case Kind::certificate_refused:
      return insecure(redis + " does not accept this client's certificate (" + fault.detail +
                      "): REDIS_CERT_FILE has to be valid now, and by an issuer that its "
                      "tls-ca-cert-file names");
    case Kind::other:
      break;
  }
  if (error.category() == boost::asio::error::get_ssl_category()) {
    return insecure("no TLS with " + redis + ": " + fault.detail);
  }
  return {RedisFailureKind::lost, "lost " + redis + " in the TLS handshake (" +
                                      how_it_ended(error) +
                                      "): if that stays so, does it speak TLS there?"};
}

RedisFailure unanswered_failure(const RedisPeer& peer, const SSL* tls,
                                const boost::system::error_code& error) {
  if (error.category() == boost::asio::error::get_ssl_category()) {
    return tls_failure(peer, tls, error);
  }
  return {
      RedisFailureKind::lost,
      "lost " + redis_at(peer) + " before it answered (" + how_it_ended(error) +
          (tls == nullptr
               ? "): if that stays so, does it speak TLS there? Then write rediss://"
               : "): if that stays so, does it want a client's certificate (REDIS_CERT_FILE)?")};
}

RedisFailure lost_failure(const RedisPeer& peer, const boost::system::error_code& error) {
  return {RedisFailureKind::lost, "lost " + redis_at(peer) + " (" + how_it_ended(error) + ")"};
}

RedisFailure interrupted_failure(const RedisPeer& peer) {
  return {RedisFailureKind::lost,
          "closed the connection to " + redis_at(peer) + ", since an error interrupted its work"};
}

RedisFailure silent_failure(const RedisPeer& peer) {
  return {RedisFailureKind::silent, "lost " + redis_at(peer) + " (no answer within " +
                                        std::to_string(peer.options->timing.reply_timeout.count()) +
                                        " ms): is it stopped or overloaded, or the network cut?"};
}

RedisFailure flushed_failure(const RedisPeer& peer) {
  return {RedisFailureKind::flushed,
          redis_at(peer) + " was flushed while updates were on their way to it"};
}

RedisFailure not_redis_failure(const RedisPeer& peer, std::string_view bytes) {
  if (is_tls_alert(bytes)) {
    return {RedisFailureKind::insecure,
            redis_at(peer) +
                " speaks TLS there, and this client does not: write rediss:// in REDIS_URL (or "
                "--redis), or set REDIS_TLS=true"};
  }
  return {
      RedisFailureKind::not_redis,
      "what listens at " + peer.shown + " does not speak Redis's protocol: check " + naming(peer)};
}

RedisFailure oversized_failure(const RedisPeer& peer, std::size_t bytes_max) {
  return {RedisFailureKind::oversized, redis_at(peer) + " sent a message of more than " +
                                           std::to_string(bytes_max) +
                                           " bytes: find its publisher"};
}

RedisFailure reply_failure(const RedisPeer& peer, std::string_view reply) {
  const auto code = reply_code(reply);
  const auto redis = redis_at(peer);
  const LoginNames names = login_names(peer);
  if (code == "NOAUTH") {
    return {RedisFailureKind::password, redis + ": password missing: set " + names.password};
  }
  if (code == "WRONGPASS" || contains(reply, "invalid password")) {
    return {
        RedisFailureKind::password,
        redis + (has_username(peer)
                     ? ": no such user, its password is wrong, or it is off (ACL): check " +
                           names.username + " and " + names.password +
                           ", and ACL SETUSER's \"on\" and \">password\""
                     : ": password wrong, or the default user is off (ACL): set " + names.password +
                           ", and " + names.username + " if that is another user's")};
  }
  if (has_no_password(reply)) {
    return {RedisFailureKind::password,
            redis + " has no password, and accepts none: unset " + names.password};
  }
  if (const auto* const passing = find_passing_error(reply)) {
    return {RedisFailureKind::passing, redis + describe(*passing), passing};
  }
  if (contains(reply, "max number of clients")) {
    return {RedisFailureKind::crowded, redis +
                                           " has reached its limit of clients: raise maxclients, "
                                           "or find what keeps so many connections"};
  }
  if (code == "NOPERM") {
    return {RedisFailureKind::rejected,
            redis + " does not permit a command (NOPERM): its user needs " +
                (peer.login == RedisLogin::sentinel ? sentinel_acl()
                                                    : server_acl(*peer.options->workflow))};
  }
  if (code == "WRONGTYPE") {
    return {RedisFailureKind::rejected,
            redis +
                " holds something else where the history belongs (WRONGTYPE): rename or delete the "
                "key " +
                HistoryNames{peer.options->workflow->channel}.history()};
  }
  if (code == "DENIED") {
    return {RedisFailureKind::rejected,
            redis +
                " is in protected mode, which lets in local clients only (DENIED): give it a "
                "password, and set " +
                names.password + " here"};
  }
  return {RedisFailureKind::rejected, redis + " answered: " + printable(reply)};
}

RedisFailure auth_failure(const RedisPeer& peer, std::string_view reply,
                          std::string_view ping_reply) {
  const LoginNames names = login_names(peer);
  if (has_no_password(reply) && reply_code(ping_reply) == "NOAUTH") {
    return {RedisFailureKind::password,
            redis_at(peer) + " requires a user name, since its default user is off (ACL): set " +
                names.username + " to it"};
  }
  auto failure = reply_failure(peer, reply);
  if (failure.what.find("answered: ") != std::string::npos) {
    // Redis before 6 counts AUTH's arguments, and has no users.
    failure.what = redis_at(peer) + " refused the AUTH command (" + std::string{reply_code(reply)} +
                   "): check that it takes AUTH " +
                   (has_username(peer) ? "with a user's name (Redis 6; unset " + names.username +
                                             " for an older one)"
                                       : "with a password only");
  }
  return failure;
}

}  // namespace regstream::broker
