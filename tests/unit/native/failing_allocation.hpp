#pragma once

/// Memory that runs out: one allocation of a thread fails, as `std::bad_alloc`.
namespace regstream {

/// On this thread, after `count` more allocations the next one fails, once.
void fail_allocation_after(int count);

/// Whether it has failed since then. None fails from here on.
[[nodiscard]] bool end_failing_allocation();

/// Allocations are not counted, and don't fail, while one of these lives: they are the test's.
class UncountedAllocations {
 public:
  UncountedAllocations();
  UncountedAllocations(const UncountedAllocations&) = delete;
  UncountedAllocations& operator=(const UncountedAllocations&) = delete;
  ~UncountedAllocations();

 private:
  bool was_armed_;
};

}  // namespace regstream
