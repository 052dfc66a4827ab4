#pragma once

/// Simulates memory that runs out: a thread's allocations throw `std::bad_alloc`.
namespace regstream {

/// On this thread, after `count` more allocations the next `in_a_row` fail.
void fail_allocation_after(int count, int in_a_row = 1);

/// Whether an allocation has failed since then. None fails from now on.
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
