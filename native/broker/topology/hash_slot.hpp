#pragma once

#include <cstdint>
#include <string_view>

namespace regstream::broker {

/// Which of a cluster's 16384 slots has a key, by the Redis Cluster specification ("Key
/// distribution model"): CRC16 (XMODEM) of what stands between the key's first braces, or of all of
/// it if nothing does, modulo 16384.
[[nodiscard]] std::uint16_t hash_slot(std::string_view key);

}  // namespace regstream::broker
