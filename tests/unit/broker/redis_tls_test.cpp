#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

#include "broker/redis_tls.hpp"
#include "captured_log.hpp"
#include "temporary_folder.hpp"
#include "test_certificate.hpp"

using Catch::Contains;
using regstream::broker::RedisTls;
using regstream::test::CapturedLog;
using regstream::test::TemporaryFolder;
using regstream::test::write_certificate;

namespace {

struct Files {
  Files() {
    tls.ca_file = tls.certificate_file = (folder / "cert.pem").string();
    tls.key_file = (folder / "cert.key").string();
    renew();
  }

  /// Others take their places, as whoever renews certificates does it.
  void renew(int days = 1) const {
    const auto certificate = (folder / "new.pem").string();
    const auto key = (folder / "new.key").string();
    write_certificate(certificate, key, days);
    std::filesystem::rename(certificate, tls.certificate_file);
    std::filesystem::rename(key, tls.key_file);
  }

  TemporaryFolder folder;
  RedisTls tls;
};

}  // namespace

TEST_CASE("files for TLS are read once while they stay and copies of the options share that") {
  const Files files;
  const RedisTls copy = files.tls;
  const auto first = files.tls.files->context(files.tls);
  CHECK(first == copy.files->context(copy));
  const RedisTls other{
      .ca_file = files.tls.ca_file, .certificate_file = {}, .key_file = {}, .server_name = {}};
  CHECK(other.files->context(other) != first);
}

TEST_CASE("renewed files count for the next connection") {
  const Files files;
  const CapturedLog log;
  const auto first = files.tls.files->context(files.tls);
  files.renew();
  const auto second = files.tls.files->context(files.tls);
  CHECK(second != first);
  CHECK(second == files.tls.files->context(files.tls));
  CHECK_THAT(log.text(), Contains("read anew"));
}

TEST_CASE("files that can't be used change nothing and that is said once until they can be") {
  const Files files;
  const CapturedLog log;
  const auto first = files.tls.files->context(files.tls);
  SECTION("as they make no sense") {
    std::ofstream{files.tls.certificate_file} << "s3cret";
  }
  SECTION("as they are gone") {
    std::filesystem::remove(files.tls.key_file);
  }
  SECTION("as one of them is another's") {
    write_certificate(files.tls.certificate_file, (files.folder / "other.key").string());
  }
  SECTION("as the certificate has expired") {
    files.renew(-1);
  }
  CHECK(files.tls.files->context(files.tls) == first);
  const std::string said = log.text();
  CHECK_THAT(said, Contains("stay as they were: ") && !Contains("s3cret"));
  CHECK(files.tls.files->context(files.tls) == first);
  CHECK(log.text() == said);
  files.renew();
  CHECK(files.tls.files->context(files.tls) != first);
}

TEST_CASE("files that never could be used are an error and are looked at again") {
  const Files files;
  std::ofstream{files.tls.ca_file} << "nothing";
  CHECK_THROWS_WITH(files.tls.files->context(files.tls),
                    Contains("the CA file") && Contains("can't be read as certificates in PEM"));
  files.renew();
  CHECK(files.tls.files->context(files.tls));
}

TEST_CASE("a certificate that has expired is used if there is no other: redis decides") {
  const Files files;
  files.renew(-1);
  CHECK(files.tls.files->context(files.tls));
}
