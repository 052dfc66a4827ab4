#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

#include "net/static_files.hpp"
#include "net_recorder.hpp"

using namespace regstream::net;
namespace fs = std::filesystem;
namespace http = boost::beast::http;

namespace {

// A folder with a page in it, beside a file that must never be served.
class Page {
 public:
  Page() {
    std::string name = (fs::temp_directory_path() / "regstream-page-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("mkdtemp failed");
    }
    outer_ = name;
    fs::create_directories(folder() / "assets");
    write("secret.txt", "secret");
    write("page/index.html", "<title>page</title>");
    write("page/favicon.svg", "<svg/>");
    write("page/assets/index-1a2b.js", "run()");
    write("page/assets/core.wasm", std::string("\0asm", 4));
    write("page/.env", "secret");
    fs::create_symlink(outer_ / "secret.txt", folder() / "link.txt");
    fs::create_directory_symlink(outer_, folder() / "up");
  }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;
  ~Page() {
    std::error_code ignored;
    fs::remove_all(outer_, ignored);
  }

  [[nodiscard]] fs::path folder() const { return outer_ / "page"; }

  void write(const fs::path& name, const std::string& content) const {
    std::ofstream(outer_ / name, std::ios::binary) << content;
  }

 private:
  fs::path outer_;
};

Response get(const StaticFiles& files, std::string_view target, http::verb method = http::verb::get,
             std::string_view if_none_match = {}) {
  const auto recorder = std::make_shared<Recorder>();
  Request request(method, target, 11);
  if (!if_none_match.empty()) {
    request.set(http::field::if_none_match, if_none_match);
  }
  files.respond(Exchange(recorder, request, parse_target(target).value()));
  REQUIRE(recorder->answer);
  return *recorder->answer;
}

}  // namespace

TEST_CASE("The page's files come with their type and say how long they may be cached") {
  const Page page;
  const StaticFiles files(page.folder());

  const Response index = get(files, "/index.html");
  CHECK(index.result() == http::status::ok);
  CHECK(index.body() == "<title>page</title>");
  CHECK(index.at(http::field::content_type) == "text/html; charset=utf-8");
  CHECK(index.at(http::field::cache_control) == "no-cache");

  const Response script = get(files, "/assets/index-1a2b.js");
  CHECK(script.at(http::field::content_type) == "text/javascript; charset=utf-8");
  CHECK(script.at(http::field::cache_control) == "public, max-age=31536000, immutable");

  const Response module = get(files, "/assets/core.wasm");
  CHECK(module.at(http::field::content_type) == "application/wasm");
  CHECK(module.body() == std::string("\0asm", 4));

  CHECK(get(files, "/favicon.svg").at(http::field::content_type) == "image/svg+xml");
}

TEST_CASE("The page may load and run only its own files") {
  const Page page;
  const Response index = get(StaticFiles(page.folder()), "/");
  CHECK(index.at("X-Content-Type-Options") == "nosniff");
  CHECK(index.at("Referrer-Policy") == "same-origin");
  CHECK(index.at("Cross-Origin-Opener-Policy") == "same-origin");
  CHECK(index.at("Cross-Origin-Resource-Policy") == "same-origin");
  const std::string policy(index.at("Content-Security-Policy"));
  CHECK(policy.find("default-src 'self'") != std::string::npos);
  CHECK(policy.find("script-src 'self' 'wasm-unsafe-eval'") != std::string::npos);
  CHECK(policy.find("style-src 'self';") != std::string::npos);
  CHECK(policy.find("unsafe-inline") == std::string::npos);
}

TEST_CASE("A page of the application gets index.html while a missing file and the API get 404") {
  const Page page;
  const StaticFiles files(page.folder());
  for (const char* path : {"/", "/mobile-banking/registration-requests/42", "/assets", "/apiary"}) {
    INFO(path);
    CHECK(get(files, path).body() == "<title>page</title>");
    CHECK(get(files, path).at(http::field::cache_control) == "no-cache");
  }
  for (const char* path : {"/missing.js", "/assets/index-0000.js", "/api", "/api/", "/api/nothing",
                           "/index.html/x.js", "/INDEX.HTML", "/%61pi/nothing",
                           "/assets%2Findex-1a2b.js", "/assets%5Cindex-1a2b.js", "//index.html"}) {
    INFO(path);
    CHECK(get(files, path).result() == http::status::not_found);
  }
}

TEST_CASE("Nothing outside of the folder and nothing hidden can be reached") {
  const Page page;
  const StaticFiles files(page.folder());
  const std::string target =
      GENERATE(as<std::string>{}, "/../secret.txt", "/%2e%2e/secret.txt", "/%2e%2e%2fsecret.txt",
               "/..%2fsecret.txt", "/assets/../../secret.txt", "/assets/..%5c..%5csecret.txt",
               "//secret.txt", "/./../secret.txt", "/link.txt", "/up/secret.txt", "/.env",
               "/%2eenv", "/..", "/%2e%2e", "/etc/passwd", "//etc/passwd", "/%2fetc%2fpasswd",
               "/%2e%2e%2fsecret.txt", "/%2E%2E%2Fsecret.txt", "/..\\secret.txt",
               "/assets%2f..%2f..%2fsecret.txt", "/%252e%252e%252fsecret.txt", "/up%2fsecret.txt");
  INFO(target);
  CHECK(get(files, target).body().find("secret") == std::string::npos);
  CHECK(get(files, target).body().find("root:") == std::string::npos);
}

TEST_CASE("A folder that is too large for a page is refused at the start") {
  const Page page;
  std::ofstream(page.folder() / "video").flush();
  fs::resize_file(page.folder() / "video", StaticFiles::bytes_max);  // It takes no room.
  CHECK_THROWS_WITH(StaticFiles(page.folder()), Catch::Contains("have more than 64 MiB"));
}

TEST_CASE("An unchanged file is not sent again") {
  const Page page;
  const StaticFiles files(page.folder());
  const std::string tag(get(files, "/").at(http::field::etag));

  const Response same = get(files, "/", http::verb::get, tag);
  CHECK(same.result() == http::status::not_modified);
  CHECK(same.body().empty());
  CHECK(same.count(http::field::content_length) == 0);
  CHECK(same.at(http::field::etag) == tag);
  CHECK(get(files, "/", http::verb::get, "\"x\", W/" + tag).result() == http::status::not_modified);
  CHECK(get(files, "/", http::verb::get, "\"x\"").result() == http::status::ok);

  page.write("page/index.html", "<title>other</title>");
  CHECK(get(StaticFiles(page.folder()), "/", http::verb::get, tag).result() == http::status::ok);
}

TEST_CASE("HEAD says how long a file is") {
  const Page page;
  const Response response = get(StaticFiles(page.folder()), "/", http::verb::head);
  CHECK(response.at(http::field::content_length) == "19");
  CHECK(response.body().empty());
}

TEST_CASE("A folder without a built page is refused with advice") {
  const Page page;
  CHECK_THROWS_WITH(StaticFiles(page.folder() / "missing"), Catch::Contains("./dev build"));
  CHECK_THROWS_WITH(StaticFiles(page.folder() / "assets"), Catch::Contains("index.html"));
  CHECK_THROWS_WITH(StaticFiles(page.folder() / "favicon.svg"), Catch::Contains("--page"));
}
