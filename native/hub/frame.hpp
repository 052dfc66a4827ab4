#pragma once

#include <string>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace regstream::hub {

/// Bytes of an event stream, encoded once and shared by every outbox that holds them.
///
/// The count is not atomic: frames live on the hub's thread, and a delivery costs an increment.
class Frame : public boost::intrusive_ref_counter<Frame, boost::thread_unsafe_counter> {
 public:
  explicit Frame(std::string bytes) : bytes_(std::move(bytes)) {}

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

using FramePtr = boost::intrusive_ptr<const Frame>;

[[nodiscard]] inline FramePtr make_frame(std::string bytes) {
  return FramePtr(new Frame(std::move(bytes)));
}

}  // namespace regstream::hub
