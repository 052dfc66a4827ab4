#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "net/exchange.hpp"

/// Cross-origin resource sharing (Fetch standard, 3.3): pages of other origins that may use this
/// server, with the browser's cookies.
namespace regstream::net {

/// The fields that every answer to a request of one origin has.
struct CorsFields {
  /// The origin may read the answer. False: the fields are for all others.
  bool is_allowed = false;
  std::vector<std::pair<std::string, std::string>> fields = {};
};

/// Null: nothing is set.
void set_cors_fields(Response& response, const CorsFields* fields);

/// Why a text is no origin that can be allowed: the end of a sentence that begins with the text.
struct OriginProblem {
  std::string what;
};

/// Reads an origin as browsers write it (HTML, 7.1.1: its serialization): `https://name[:port]`, in
/// lower case, without the scheme's own port.
[[nodiscard]] std::variant<std::string, OriginProblem> read_origin(std::string_view text);

/// The origins that are allowed. None: cross-origin sharing is off, and no answer tells of it.
class Cors {
 public:
  Cors() = default;
  /// Each as `read_origin` gives it.
  explicit Cors(const std::vector<std::string>& origins);

  /// What the answer to a request with this head has; null: it is off. Holds as long as this.
  [[nodiscard]] const CorsFields* find(const Request& head) const;

 private:
  struct Allowed {
    std::string origin;
    CorsFields fields;
  };
  std::vector<Allowed> allowed_;
  CorsFields others_;
};

/// A browser asks whether a page may send a request (Fetch standard, 3.3.2: a CORS-preflight
/// request). It has no credentials, and is asked for none.
[[nodiscard]] bool is_preflight(const Request& request);

/// The answer where the page may: `methods` are those of the resource, with commas between. What
/// `CorsFields` say is not in it.
[[nodiscard]] Response make_preflight_answer(std::string_view methods);

}  // namespace regstream::net
