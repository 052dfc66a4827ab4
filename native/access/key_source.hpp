#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "access/key_reader.hpp"

namespace regstream::access {

/// Where keys are, and of which kind. The operator must name the kind, since the bytes can't tell
/// it: a public key that is read as a secret would let everyone sign.
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

/// The source of a JWKS. Text with "://" is a URL; anything else is a path.
[[nodiscard]] KeySource jwks_source(std::string_view place);

/// Reads a source that is a file, up to `AccessLimits::key_file_bytes_max`. Errors and notes name
/// the file. If every user of the machine may read a file with a secret, it is read with a note,
/// not refused: Kubernetes mounts its secrets that way.
[[nodiscard]] KeysResult read_key_file(const KeySource& source);

}  // namespace regstream::access
