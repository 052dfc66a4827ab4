#pragma once

#include <string>

namespace regstream::client {

/// A header field of an HTTP request.
struct HeaderField {
  std::string name;
  std::string value;
};

}  // namespace regstream::client
