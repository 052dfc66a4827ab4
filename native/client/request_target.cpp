#include "client/request_target.hpp"

#include <algorithm>
#include <cstddef>

namespace regstream::client {
namespace {

/// Removes the next parameter from a query and returns it.
std::string_view take_parameter(std::string_view& query) {
  const std::size_t size = std::min(query.find('&'), query.size());
  const std::string_view parameter = query.substr(0, size);
  query.remove_prefix(std::min(size + 1, query.size()));
  return parameter;
}

std::string_view name_of(std::string_view parameter) {
  return parameter.substr(0, parameter.find('='));
}

bool has_name(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    if (name_of(take_parameter(query)) == name) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string target_asking(std::string_view target, std::string_view query) {
  if (query.empty()) {
    return std::string(target);
  }
  const std::size_t path_size = std::min(target.find('?'), target.size());
  std::string result(target.substr(0, path_size));
  char separator = '?';
  for (std::string_view rest = target.substr(std::min(path_size + 1, target.size()));
       !rest.empty();) {
    const std::string_view parameter = take_parameter(rest);
    const std::string_view name = name_of(parameter);
    if (name != "snapshot" && !has_name(query, name)) {
      result.append(1, separator).append(parameter);
      separator = '&';
    }
  }
  return result.append(1, separator).append(query);
}

}  // namespace regstream::client
