#include "net/static_files.hpp"

#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "net/problem.hpp"

namespace regstream::net {

namespace fs = std::filesystem;
namespace http = boost::beast::http;

namespace {

constexpr std::string_view index_name = "index.html";

// Vite puts a hash of the content into these files' names, so the content of a name never changes.
constexpr std::string_view hashed_folder = "assets";

constexpr std::string_view content_security_policy =
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

constexpr std::array<std::pair<std::string_view, std::string_view>, 15> content_types{{
    {"html", "text/html; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"txt", "text/plain; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"webp", "image/webp"},
    {"ico", "image/x-icon"},
    {"woff2", "font/woff2"},
    {"webmanifest", "application/manifest+json"},
}};

std::string_view extension(std::string_view file_name) {
  const std::size_t dot = file_name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : file_name.substr(dot + 1);
}

std::string_view content_type_of(std::string_view file_name) {
  for (const auto& [known, content_type] : content_types) {
    if (extension(file_name) == known) {
      return content_type;
    }
  }
  return "application/octet-stream";
}

// FNV-1a is enough to notice that a file has changed between two builds.
std::string entity_tag_of(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char byte : content) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  }
  std::string tag = "\"";
  for (unsigned shift = 64; shift > 0;) {
    shift -= 4;
    tag += "0123456789abcdef"[(hash >> shift) & 0xfU];
  }
  return tag + '"';
}

// If-None-Match compares weakly (RFC 9110, 13.1.2); none of our tags can be a part of another one,
// so searching the list for the tag is enough.
bool has_entity_tag(std::string_view if_none_match, std::string_view tag) {
  return if_none_match == "*" || if_none_match.find(tag) != std::string_view::npos;
}

}  // namespace

StaticFiles::StaticFiles(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw std::runtime_error("there is no page at " + folder.string() +
                             ": build the page with ./dev build, or name its folder with --page");
  }
  try {
    for (auto entry = fs::recursive_directory_iterator(folder);
         entry != fs::recursive_directory_iterator(); ++entry) {
      const bool hidden = entry->path().filename().string().starts_with('.');
      if (entry->is_directory() && hidden) {
        entry.disable_recursion_pending();
      } else if (!hidden && entry->symlink_status().type() == fs::file_type::regular) {
        const fs::path relative = entry->path().lexically_relative(folder);
        add(entry->path(), Name(relative.begin(), relative.end()));
      }
    }
  } catch (const fs::filesystem_error& failure) {
    throw std::runtime_error("can't read the page at " + folder.string() + ": " +
                             failure.code().message());
  }
  if (find({std::string(index_name)}) == nullptr) {
    throw std::runtime_error("there is no index.html in " + folder.string() +
                             ": build the page with ./dev build, or name its folder with --page");
  }
}

void StaticFiles::add(const fs::path& path, Name name) {
  bytes_ += fs::file_size(path);
  if (bytes_ > bytes_max) {
    throw std::runtime_error("the files beside " + path.string() + " have more than " +
                             std::to_string(bytes_max >> 20U) +
                             " MiB in all: --page must name the folder of a built page");
  }
  std::ifstream stream(path, std::ios::binary);
  File file;
  file.content.assign(std::istreambuf_iterator<char>(stream), {});
  if (!stream) {
    throw std::runtime_error("can't read the page's file " + path.string());
  }
  file.content_type = content_type_of(name.back());
  file.entity_tag = entity_tag_of(file.content);
  files_.emplace(std::move(name), std::move(file));
}

const StaticFiles::File* StaticFiles::find(const Name& name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : &found->second;
}

void StaticFiles::respond(Exchange exchange) const {
  const Name& name = exchange.target().segments;
  const File* file = find(name);
  bool is_hashed = name.front() == hashed_folder && name.size() > 1;
  if (file == nullptr && extension(name.back()).empty() && name.front() != "api") {
    file = find({std::string(index_name)});
    is_hashed = false;
  }
  if (file == nullptr) {
    respond_problem(
        exchange, {.status = http::status::not_found, .detail = "There is nothing at this path."});
    return;
  }

  Response response(http::status::ok, exchange.request().version());
  response.set(http::field::etag, file->entity_tag);
  response.set(http::field::cache_control,
               is_hashed ? "public, max-age=31536000, immutable" : "no-cache");
  response.set("Content-Security-Policy", content_security_policy);
  response.set("Cross-Origin-Opener-Policy", "same-origin");
  response.set("Referrer-Policy", "same-origin");
  if (has_entity_tag(exchange.request()[http::field::if_none_match], file->entity_tag)) {
    response.result(http::status::not_modified);
  } else {
    response.set(http::field::content_type, file->content_type);
    response.body() = file->content;
  }
  exchange.respond(std::move(response));
}

}  // namespace regstream::net
