#pragma once

#include <string>

#include <regstream/client/token_source.hpp>

namespace regstream::cli {

/// Gives the content of the file at `path`, without surrounding white space. The file is read at
/// each attempt, so that another program can renew it. If it can't be read, is empty or is larger
/// than 16 KiB, there is no token for now.
[[nodiscard]] client::TokenSource token_from_file(std::string path);

}  // namespace regstream::cli
