#include <regstream/broker/publish_limits.hpp>

namespace regstream::broker {

std::string size_problem(std::string_view message, std::string_view key,
                         const PublishLimits& limits) {
  if (message.size() > limits.message_bytes_max) {
    return "the update has " + std::to_string(message.size()) +
           " bytes, more than subscribers accept (" + std::to_string(limits.message_bytes_max) +
           "): make it smaller";
  }
  if (key.size() > limits.key_bytes_max) {
    return "the update's key has " + std::to_string(key.size()) +
           " bytes, more than redis may keep (" + std::to_string(limits.key_bytes_max) +
           "): make it shorter";
  }
  return {};
}

}  // namespace regstream::broker
