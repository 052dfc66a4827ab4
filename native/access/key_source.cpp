#include "access/key_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <variant>

#include "access/access_limits.hpp"
#include "log/printable.hpp"

namespace regstream::access {
namespace {

namespace fs = std::filesystem;

/// Only regular files: a pipe could be read once, but SIGHUP reads again.
std::variant<std::string, KeyError> read_file(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() != fs::file_type::regular) {
    return KeyError{fs::exists(status) ? "it is not a regular file"
                                       : "it does not exist, or its folder can't be read"};
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return KeyError{"it can't be read: " + std::generic_category().message(errno)};
  }
  std::string text(access_limits.key_file_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) {
    return KeyError{"it can't be read"};
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > access_limits.key_file_bytes_max) {
    return KeyError{"it is longer than a mebibyte"};
  }
  return text;
}

KeysResult read_text(KeySource::Kind kind, std::string_view text) {
  switch (kind) {
    case KeySource::Kind::key_file:
      return read_public_key(text);
    case KeySource::Kind::secret_file:
      return read_secret(text);
    case KeySource::Kind::jwks_file:
    case KeySource::Kind::jwks_url:
      break;
  }
  return read_jwks(text, JwksOrigin::file);
}

bool has_secret(const KeysRead& read) {
  return std::any_of(read.keys.begin(), read.keys.end(),
                     [](const TokenKey& key) { return key.algorithm() == Algorithm::hs256; });
}

bool may_everybody_read(const fs::path& path) {
  std::error_code error;
  return (fs::status(path, error).permissions() & fs::perms::others_read) != fs::perms::none;
}

}  // namespace

KeySource jwks_source(std::string_view place) {
  return {.kind = place.find("://") == std::string_view::npos ? KeySource::Kind::jwks_file
                                                              : KeySource::Kind::jwks_url,
          .place = std::string(place)};
}

KeysResult read_key_file(const KeySource& source) {
  const std::string file = quote_value(source.place);
  auto text = read_file(source.place);
  KeysResult result = std::holds_alternative<KeyError>(text)
                          ? KeysResult{std::get<KeyError>(std::move(text))}
                          : read_text(source.kind, std::get<std::string>(text));
  if (auto* const error = std::get_if<KeyError>(&result)) {
    return KeyError{"the key file " + file + " can't be used: " + error->what};
  }
  auto& read = std::get<KeysRead>(result);
  for (std::string& note : read.notes) {
    note.insert(0, "the key file " + file + ": ");
  }
  if (has_secret(read) && may_everybody_read(source.place)) {
    read.notes.push_back(
        "the key file " + file +
        " has a secret, and every user of this machine may read it: chmod o= " + source.place);
  }
  return result;
}

}  // namespace regstream::access
