#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace regstream::abi {

/// Owns objects that the other side of the ABI refers to by number. A handle is a slot and the
/// slot's generation, so a handle that was freed or forged, or whose slot has a newer object, finds
/// nothing. 0 is never a handle.
template <typename T, std::size_t slot_count>
class HandleTable {
 public:
  static_assert(slot_count > 0 && slot_count <= 0x10000, "a slot is 16 bits of its handle");

  /// Returns the handle, or 0 if every slot is in use.
  [[nodiscard]] std::uint32_t insert(std::unique_ptr<T> object) {
    for (std::size_t index = 0; index < slot_count; ++index) {
      Slot& slot = slots_[index];
      if (slot.object == nullptr) {
        slot.object = std::move(object);
        slot.generation = static_cast<std::uint16_t>(slot.generation + 1U);
        if (slot.generation == 0) {
          slot.generation = 1;
        }
        return (static_cast<std::uint32_t>(slot.generation) << 16U) |
               static_cast<std::uint32_t>(index);
      }
    }
    return 0;
  }

  /// Returns null if `handle` is invalid.
  [[nodiscard]] T* find(std::uint32_t handle) const {
    const std::size_t index = handle & 0xffffU;
    if (index >= slot_count || slots_[index].generation != handle >> 16U) {
      return nullptr;
    }
    return slots_[index].object.get();
  }

  void erase(std::uint32_t handle) {
    if (find(handle) != nullptr) {
      slots_[handle & 0xffffU].object.reset();
    }
  }

 private:
  struct Slot {
    std::unique_ptr<T> object;
    std::uint16_t generation = 0;
  };
  std::array<Slot, slot_count> slots_{};
};

}  // namespace regstream::abi
