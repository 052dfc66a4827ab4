#pragma once

#include <string>

#include "broker/redis_settings.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Declares the options of `broker::redis_settings`. They write into `arguments`, which must
/// outlive `command`. `broker::read_redis_settings` checks the values later.
void add_redis_options(CLI::App& command, broker::RedisArguments& arguments,
                       const std::string& group);

}  // namespace regstream::cli
