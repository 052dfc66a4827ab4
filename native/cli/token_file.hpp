#pragma once

#include <string>

#include <regstream/client/token_source.hpp>

namespace regstream::cli {

/// Gives what stands in the file at `path`, without the blanks and line ends around it. The file is
/// read at each attempt, so that another program may renew it. One that can't be read, is empty or
/// is larger than 16 KiB gives no token for now.
[[nodiscard]] client::TokenSource token_from_file(std::string path);

}  // namespace regstream::cli
