#include "broker/redis_tls.hpp"

#include <sys/stat.h>

#include <stdexcept>
#include <string>

#include "log/log.hpp"
#include "log/printable.hpp"
#include "net/tls_client.hpp"
#include "net/tls_files.hpp"

namespace regstream::broker {
namespace {

RedisTlsFiles::Context load(const RedisTls& tls, bool must_be_valid_now) {
  auto context = std::make_shared<boost::asio::ssl::context>(net::make_client_tls());
  SSL_CTX* const native = context->native_handle();
  if (tls.ca_file.empty()) {
    net::trust_system(native);
  } else if (!net::trust_file(native, tls.ca_file)) {
    throw std::runtime_error("the CA file " + quote_value(tls.ca_file) +
                             " can't be read as certificates in PEM");
  }
  if (!tls.certificate_file.empty()) {
    net::use_certificate(native, {.certificate = tls.certificate_file, .key = tls.key_file});
    // If there is no older certificate, let Redis decide: this machine's clock may be wrong.
    if (const auto problem = net::find_problem_of_time(native, tls.certificate_file);
        problem && must_be_valid_now) {
      throw std::runtime_error(*problem);
    }
  }
  return context;
}

}  // namespace

std::shared_ptr<RedisTlsFiles> unread_tls_files() {
  return std::make_shared<RedisTlsFiles>();
}

RedisTlsFiles::Context RedisTlsFiles::context(const RedisTls& tls) {
  const std::lock_guard lock(mutex_);
  const Stamps stamps = stamps_of(tls);
  if (context_ && seen_ == stamps) {
    return context_;
  }
  const bool is_first = !context_;
  try {
    context_ = load(tls, !is_first);
    if (!is_first) {
      logging::info(logging::Condition("redis certificates").of_kind(1),
                    "the certificates for redis were read anew");
    }
  } catch (const std::runtime_error& error) {
    if (is_first) {
      throw;
    }
    logging::error(logging::Condition("redis certificates").of_kind(2),
                   "the certificates for redis stay as they were: {}", error.what());
  }
  seen_ = stamps;
  return context_;
}

RedisTlsFiles::Stamps RedisTlsFiles::stamps_of(const RedisTls& tls) {
  Stamps stamps;
  std::size_t index = 0;
  for (const std::string* const path : {&tls.ca_file, &tls.certificate_file, &tls.key_file}) {
    struct stat status {};
    if (!path->empty() && ::stat(path->c_str(), &status) == 0) {
      stamps.at(index) = {.device = status.st_dev,
                          .inode = status.st_ino,
                          .size = status.st_size,
                          .changed_s = status.st_ctim.tv_sec,
                          .changed_ns = status.st_ctim.tv_nsec};
    }
    ++index;
  }
  return stamps;
}

std::optional<RedisFailure> make_wire(std::optional<net::Wire>& wire,
                                      boost::asio::io_context& context, const RedisPeer& peer) {
  const std::optional<RedisTls>& tls = peer.options->tls;
  if (!tls) {
    wire.emplace(context);
    return std::nullopt;
  }
  try {
    // The connection keeps what it needs of the context.
    wire.emplace(context, *tls->files->context(*tls));
    return std::nullopt;
  } catch (const std::runtime_error& problem) {
    return tls_files_failure(peer, problem.what());
  }
}

const std::string& expected_name(const RedisTls& tls, const RedisAddress& address) {
  return tls.server_name.empty() ? address.host : tls.server_name;
}

}  // namespace regstream::broker
