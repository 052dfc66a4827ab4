#include "net/json_body.hpp"

#include <string_view>

#include "net/letter_case.hpp"

namespace regstream::net {

bool has_json_body(const Request& request) {
  std::string_view type = request[boost::beast::http::field::content_type];
  type = type.substr(0, type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) {
    type.remove_suffix(1);
  }
  return equals_ignoring_case(type, "application/json");
}

}  // namespace regstream::net
