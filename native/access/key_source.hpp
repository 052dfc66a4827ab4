#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "access/key_reader.hpp"

namespace regstream::access {

/// Where keys are, and of which kind they have to be: whoever names a file says so, since its bytes
/// can't. A public key that were taken for a secret would let everybody sign.
struct KeySource {
  enum class Kind : std::uint8_t {
    key_file,     ///< `read_public_key`
    secret_file,  ///< `read_secret`
    jwks_file,
    jwks_url,
  };
  Kind kind{};
  std::string place;  ///< A path, or an https URL.
};

/// A JWKS's source: what begins with a scheme and "://" is a URL.
[[nodiscard]] KeySource jwks_source(std::string_view place);

/// Reads a source that is a file, at most `AccessLimits::key_file_bytes_max` of it. Errors and
/// notes name the file. A file with a secret that every user of the machine may read is read with a
/// note, and not refused: Kubernetes mounts its secrets that way.
[[nodiscard]] KeysResult read_key_file(const KeySource& source);

}  // namespace regstream::access
