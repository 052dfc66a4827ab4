#include "access/key_source.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "signer.hpp"
#include "temporary_folder.hpp"

namespace regstream::access {
namespace {

using Catch::Contains;
using Kind = KeySource::Kind;

std::string write(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
  return path.string();
}

std::string error_of(Kind kind, const std::string& path) {
  const auto result = read_key_file({.kind = kind, .place = path});
  const auto* const error = std::get_if<KeyError>(&result);
  return error == nullptr ? "" : error->what;
}

TEST_CASE("a JWKS with a scheme is a URL's", "[access]") {
  CHECK(jwks_source("https://bank/keys").kind == Kind::jwks_url);
  CHECK(jwks_source("/etc/regstream/keys.json").kind == Kind::jwks_file);
  CHECK(jwks_source("keys.json").kind == Kind::jwks_file);
}

TEST_CASE("keys are read from their files", "[access]") {
  const test::TemporaryFolder folder;
  const auto pem = write(folder / "key.pem", test::ec_signer().public_pem());
  CHECK(test::keys_of(read_key_file({.kind = Kind::key_file, .place = pem})).size() == 1);
  const auto set =
      write(folder / "keys.json", test::jwks({test::ec_signer().jwk(nlohmann::json::object())}));
  CHECK(test::keys_of(read_key_file({.kind = Kind::jwks_file, .place = set})).size() == 1);
  CHECK(std::get<KeysRead>(read_key_file({.kind = Kind::jwks_file, .place = set})).notes.empty());
}

TEST_CASE("a secret that every user of the machine may read gets a note", "[access]") {
  namespace fs = std::filesystem;
  const test::TemporaryFolder folder;
  const auto path = write(folder / "secret", std::string(32, 's'));
  const auto notes = [&path](fs::perms permissions) {
    fs::permissions(path, permissions);
    return std::get<KeysRead>(read_key_file({.kind = Kind::secret_file, .place = path})).notes;
  };
  CHECK(notes(fs::perms::owner_read | fs::perms::group_read).empty());
  const auto told = notes(fs::perms::owner_read | fs::perms::others_read);
  REQUIRE(told.size() == 1);
  CHECK_THAT(told.front(), Contains("chmod o=") && Contains("secret"));
}

TEST_CASE("a file that can't be used is named with the reason", "[access]") {
  const test::TemporaryFolder folder;
  const auto missing = (folder / "missing.pem").string();
  CHECK_THAT(error_of(Kind::key_file, missing),
             Contains("missing.pem") && Contains("does not exist"));
  CHECK_THAT(error_of(Kind::key_file, (folder / ".").string()), Contains("not a regular file"));
  const auto big = write(folder / "big", std::string((1U << 20U) + 1, ' '));
  CHECK_THAT(error_of(Kind::jwks_file, big), Contains("mebibyte"));
  const auto words = write(folder / "words", "correct horse battery staple");
  CHECK_THAT(error_of(Kind::secret_file, words), Contains("28 bytes") && !Contains("horse"));
  CHECK_THAT(error_of(Kind::jwks_file, words), Contains("not a JWKS") && !Contains("horse"));
}

}  // namespace
}  // namespace regstream::access
