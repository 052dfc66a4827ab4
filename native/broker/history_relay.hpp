#pragma once

#include <atomic>
#include <bitset>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>

#include <regstream/broker/broker.hpp>

namespace regstream::broker {

/// Tells one broker's history on several loops, to one subscriber on each: all of it, in order.
///
/// The subscriber on the broker's loop is called as the broker calls. For the others, the events of
/// one turn of the loop are one batch, or of more bytes than `batch_bytes_max` several: made once,
/// shared, never changed, and posted to each loop. So a loop costs one post a turn, however many
/// updates the turn brings, and nothing is locked for an update or a delivery.
///
/// A loop that falls behind by more than `behind_bytes_max` holds the broker's loop up until it is
/// not: what comes from Redis waits there, as it does where the one loop is late.
class HistoryRelay final : private Subscriber {
 public:
  static constexpr std::size_t loops_max = 64;
  static constexpr std::size_t batch_bytes_max = 64U << 10U;
  static constexpr std::size_t behind_bytes_max = 16U << 20U;

  /// Hears `source`, which calls on the thread of the first of `loops`, from now on. All of it must
  /// outlive the relay, and the relay the last turn of each loop.
  HistoryRelay(Feed& source, const std::vector<boost::asio::io_context*>& loops);
  HistoryRelay(const HistoryRelay&) = delete;
  HistoryRelay& operator=(const HistoryRelay&) = delete;
  ~HistoryRelay();

  /// For the subscriber of a loop, by its place in `loops`. Subscribe before the loops run.
  [[nodiscard]] Feed& feed(std::size_t loop);

 private:
  class FirstFeed;
  class OtherFeed;

  using Loops = std::bitset<loops_max>;

  struct Begun {
    EventId position;
  };
  struct Message {
    EventId id;
    std::string text;
  };
  struct Live {
    std::string loss_reason;
  };
  struct CaughtUp {
    Loops asked;  ///< Who it is the answer for.
  };
  using Event = std::variant<Begun, Message, Live, CaughtUp>;
  struct Batch {
    std::vector<Event> events;
    std::size_t bytes = 0;
  };
  using BatchPtr = std::shared_ptr<const Batch>;

  void on_history(EventId position) override;
  void on_message(EventId id, std::string_view message) override;
  void on_live() override;
  void on_caught_up() override;

  void add(Event event, std::size_t bytes);
  void hand_out_later();
  void hand_out();
  void catch_up(std::size_t loop);
  void ask_source();

  Feed& source_;
  boost::asio::io_context& home_;
  std::unique_ptr<FirstFeed> first_;
  std::vector<std::unique_ptr<OtherFeed>> others_;

  std::shared_ptr<Batch> batch_;  // Of this turn. Null: it is empty.
  bool is_hand_out_posted_ = false;
  std::exception_ptr failure_;  // A batch could not be posted.
  Loops asking_;                // The source has been asked for these,
  Loops waiting_;               // and is to be for these when it has answered.
};

}  // namespace regstream::broker
