#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/message/event_id.hpp>

// Reads one event stream as cheaply as it can be read, and counts its updates: events with an id,
// but for the first. What no stream of ours has is thrown as std::runtime_error: another status
// than 200, an id that does not grow (an update that came twice, or out of order).
//
// An update of paced_publisher says when it was sent.
class EventCounter {
 public:
  static constexpr std::size_t event_bytes_max = 1U << 20U;

  // Takes whole events off the front of `bytes`, which begins with `rest`, and keeps what remains.
  // Adds to `sent_ns` when each update was sent that says so.
  void take(std::string_view bytes, std::vector<std::int64_t>& sent_ns);

  [[nodiscard]] bool has_head() const { return has_head_; }
  [[nodiscard]] bool is_connected() const { return last_id_.has_value(); }
  [[nodiscard]] std::uint64_t updates() const { return updates_; }

  // The bytes of an event that has begun: they stand before what is read next.
  [[nodiscard]] const std::string& rest() const { return rest_; }

 private:
  std::string_view take_events(std::string_view bytes, std::vector<std::int64_t>& sent_ns);
  void take_id(std::string_view text);

  bool has_head_ = false;
  std::optional<regstream::EventId> last_id_;
  std::uint64_t updates_ = 0;
  std::string rest_;
};
