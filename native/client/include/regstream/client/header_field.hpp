#pragma once

#include <string>

namespace regstream::client {

/// A field of an HTTP request's header.
struct HeaderField {
  std::string name;
  std::string value;
};

}  // namespace regstream::client
