#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <utility>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

namespace regstream::broker {

/// A timer that needs no memory: the memory of its single wait is reserved beforehand. Asio's own
/// place for a timer must exist, too: a timer that has just ended leaves one.
class ReservedWait {
 public:
  explicit ReservedWait(boost::asio::io_context& context) : timer_(context) {}

  /// Calls `handle` after `pause`. Don't call it while an earlier wait is under way.
  template <typename Handle>
  void begin(std::chrono::steady_clock::duration pause, Handle handle) {
    memory_->resource.release();
    timer_.expires_after(pause);
    timer_.async_wait(boost::asio::bind_allocator(
        std::pmr::polymorphic_allocator<>{&memory_->resource},
        [memory = memory_,
         handle = std::move(handle)](const boost::system::error_code& error) mutable {
          if (!error) {
            handle();
          }
        }));
  }

 private:
  struct Memory {
    alignas(std::max_align_t) std::array<std::byte, 256> bytes;
    std::pmr::monotonic_buffer_resource resource{bytes.data(), bytes.size(),
                                                 std::pmr::null_memory_resource()};
  };

  boost::asio::steady_timer timer_;
  const std::shared_ptr<Memory> memory_ = std::make_shared<Memory>();
};

}  // namespace regstream::broker
