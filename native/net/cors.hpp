#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "net/exchange.hpp"

/// Cross-origin resource sharing (Fetch standard, 3.3): lets pages of other origins use this
/// server, with the browser's cookies.
namespace regstream::net {

/// The fields of every response to a request from one origin.
struct CorsFields {
  /// The origin may read the response. False: these are the fields for all other origins.
  bool is_allowed = false;
  std::vector<std::pair<std::string, std::string>> fields = {};
};

/// Null: sets nothing.
void set_cors_fields(Response& response, const CorsFields* fields);

/// Why a text is not an origin that can be allowed: the end of a sentence that begins with the
/// text.
struct OriginProblem {
  std::string what;
};

/// Reads an origin as browsers write it (HTML, 7.1.1: its serialization): `https://name[:port]`, in
/// lower case, without the scheme's default port.
[[nodiscard]] std::variant<std::string, OriginProblem> read_origin(std::string_view text);

/// The allowed origins. None: cross-origin sharing is off, and no response mentions it.
class Cors {
 public:
  Cors() = default;
  /// Each origin as `read_origin` returns it.
  explicit Cors(const std::vector<std::string>& origins);

  /// The fields of the response to a request with this head; null: sharing is off. Valid as long as
  /// this object.
  [[nodiscard]] const CorsFields* find(const Request& head) const;

 private:
  struct Allowed {
    std::string origin;
    CorsFields fields;
  };
  std::vector<Allowed> allowed_;
  CorsFields others_;
};

/// Whether this is a CORS-preflight request (Fetch standard, 3.3.2), by which a browser asks
/// whether a page may send a request. It has no credentials, and needs none.
[[nodiscard]] bool is_preflight(const Request& request);

/// The response to an allowed preflight. `methods` are the resource's, separated by commas. It does
/// not contain the `CorsFields`.
[[nodiscard]] Response make_preflight_answer(std::string_view methods);

}  // namespace regstream::net
