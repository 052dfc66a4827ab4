#include "failing_allocation.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace {

struct Countdown {
  bool is_armed = false;
  int remaining = 0;
  int to_fail = 0;
  bool has_failed = false;
};

thread_local Countdown countdown;

}  // namespace

namespace regstream {

void fail_allocation_after(int count, int in_a_row) {
  countdown = {.is_armed = true, .remaining = count, .to_fail = in_a_row};
}

bool end_failing_allocation() {
  countdown.is_armed = false;
  return countdown.has_failed;
}

UncountedAllocations::UncountedAllocations()
    : was_armed_(std::exchange(countdown.is_armed, false)) {}

UncountedAllocations::~UncountedAllocations() {
  countdown.is_armed = was_armed_;
}

}  // namespace regstream

// The program's own, for all of its tests. The forms for arrays call these.
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  if (countdown.is_armed && countdown.remaining-- <= 0) {
    countdown.is_armed = --countdown.to_fail > 0;
    countdown.has_failed = true;
    return nullptr;
  }
  return std::malloc(size == 0 ? 1 : size);
}

void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) {
    return memory;
  }
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
