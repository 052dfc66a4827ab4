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

/// Delivers one broker's history on several loops, to one subscriber on each: completely and in
/// order.
///
/// The subscriber on the broker's loop is called directly. For the other loops, the events of one
/// turn form one batch, or several if they exceed `batch_bytes_max`. A batch is made once, shared,
/// never changed, and posted to each loop. So each loop costs one post a turn, however many updates
/// the turn brings, and no update or delivery takes a lock.
///
/// A loop that is more than `behind_bytes_max` behind blocks the broker's loop until it has caught
/// up: data from Redis waits there, as it does when a single loop is late.
class HistoryRelay final : private Subscriber {
 public:
  static constexpr std::size_t loops_max = 64;
  static constexpr std::size_t batch_bytes_max = 64U << 10U;
  static constexpr std::size_t behind_bytes_max = 16U << 20U;

  /// Subscribes to `source`, which calls on the thread of the first of `loops`. All of these must
  /// outlive the relay, and the relay must outlive the last turn of each loop.
  HistoryRelay(Feed& source, const std::vector<boost::asio::io_context*>& loops);
  HistoryRelay(const HistoryRelay&) = delete;
  HistoryRelay& operator=(const HistoryRelay&) = delete;
  ~HistoryRelay();

  /// The feed for a loop's subscriber, by the loop's index in `loops`. Subscribe before the loops
  /// run.
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
    Loops asked;  ///< The loops that asked.
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

  std::shared_ptr<Batch> batch_;  // The batch of this turn. Null: it is empty.
  bool is_hand_out_posted_ = false;
  std::exception_ptr failure_;  // A batch could not be posted.
  Loops asking_;                // The source was asked to catch up for these loops,
  Loops waiting_;               // and will be asked for these after its answer.
};

}  // namespace regstream::broker
