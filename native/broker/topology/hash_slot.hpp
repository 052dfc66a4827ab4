#pragma once

#include <cstdint>
#include <string_view>

namespace regstream::broker {

/// The slot (of a cluster's 16384) of a key, by the Redis Cluster specification ("Key distribution
/// model"): CRC16 (XMODEM), modulo 16384, of the text between the key's first braces, or of the
/// whole key if there is none.
[[nodiscard]] std::uint16_t hash_slot(std::string_view key);

}  // namespace regstream::broker
