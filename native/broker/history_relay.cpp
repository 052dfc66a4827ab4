#include "broker/history_relay.hpp"

#include <deque>
#include <exception>
#include <utility>

#include <boost/asio/post.hpp>

namespace regstream::broker {

namespace asio = boost::asio;

/// On the broker's own loop.
class HistoryRelay::FirstFeed final : public Feed {
 public:
  explicit FirstFeed(HistoryRelay& relay) : Feed(relay.source_.workflow()), relay_(relay) {}

  void subscribe(Subscriber& subscriber) override { subscriber_ = &subscriber; }
  void catch_up() override { relay_.catch_up(0); }
  [[nodiscard]] std::string loss_reason() const override { return relay_.source_.loss_reason(); }

  [[nodiscard]] Subscriber& subscriber() const { return *subscriber_; }

 private:
  HistoryRelay& relay_;
  Subscriber* subscriber_ = nullptr;
};

/// On another loop. Counts what it was given and has not delivered yet, for the broker's loop.
class HistoryRelay::OtherFeed final : public Feed {
 public:
  OtherFeed(HistoryRelay& relay, std::size_t loop, asio::io_context& context)
      : Feed(relay.source_.workflow()), relay_(relay), loop_(loop), context_(context) {}

  void subscribe(Subscriber& subscriber) override { subscriber_ = &subscriber; }
  void catch_up() override {
    asio::post(relay_.home_, [this] { relay_.catch_up(loop_); });
  }
  [[nodiscard]] std::string loss_reason() const override { return loss_reason_; }

  /// Called on the broker's loop. Blocks while this feed is too far behind.
  void hand(const BatchPtr& batch) {
    for (std::size_t behind = behind_bytes_; behind > behind_bytes_max; behind = behind_bytes_) {
      behind_bytes_.wait(behind);
    }
    behind_bytes_ += batch->bytes;
    try {
      asio::post(context_, [this, batch] { accept(batch); });
    } catch (...) {
      behind_bytes_ -= batch->bytes;
      throw;
    }
  }

 private:
  void accept(const BatchPtr& batch) {
    try {
      undelivered_.push_back(batch);
    } catch (...) {
      count_delivered(*batch);
      throw;
    }
    if (!goes_on_) {
      deliver();
    }
  }

  /// An exception of the subscriber ends only the call that threw. A lost message leaves a gap,
  /// which a hub detects; any other event is delivered again. The rest follows in another turn,
  /// before later events.
  void deliver() {
    while (!undelivered_.empty()) {
      const BatchPtr batch = undelivered_.front();
      while (next_ < batch->events.size()) {
        const Event& event = batch->events[next_];
        try {
          std::visit([this](const auto& one) { deliver(one); }, event);
        } catch (...) {
          next_ += std::holds_alternative<Message>(event) ? 1U : 0U;
          go_on();
          throw;
        }
        ++next_;
      }
      next_ = 0;
      undelivered_.pop_front();
      count_delivered(*batch);
    }
  }
  void go_on() {
    asio::post(context_, [this] {
      goes_on_ = false;
      deliver();
    });
    goes_on_ = true;
  }
  void count_delivered(const Batch& batch) {
    if (behind_bytes_.fetch_sub(batch.bytes) > behind_bytes_max) {
      behind_bytes_.notify_one();
    }
  }

  void deliver(const Begun& begun) { subscriber_->on_history(begun.position); }
  void deliver(const Message& message) { subscriber_->on_message(message.id, message.text); }
  void deliver(const Live& live) {
    loss_reason_ = live.loss_reason;
    subscriber_->on_live();
  }
  void deliver(const CaughtUp& caught_up) {
    if (caught_up.asked[loop_]) {
      subscriber_->on_caught_up();
    }
  }

  HistoryRelay& relay_;
  const std::size_t loop_;
  asio::io_context& context_;
  Subscriber* subscriber_ = nullptr;
  std::string loss_reason_;
  std::deque<BatchPtr> undelivered_;
  std::size_t next_ = 0;  // The next event of the first batch.
  bool goes_on_ = false;  // The rest is posted, after an exception.
  std::atomic<std::size_t> behind_bytes_ = 0;
};

HistoryRelay::HistoryRelay(Feed& source, const std::vector<asio::io_context*>& loops)
    : source_(source), home_(*loops.front()), first_(std::make_unique<FirstFeed>(*this)) {
  for (std::size_t loop = 1; loop < loops.size(); ++loop) {
    others_.push_back(std::make_unique<OtherFeed>(*this, loop, *loops[loop]));
  }
  source_.subscribe(*this);
}

HistoryRelay::~HistoryRelay() = default;

Feed& HistoryRelay::feed(std::size_t loop) {
  return loop == 0 ? static_cast<Feed&>(*first_) : *others_[loop - 1];
}

// The other loops get their events first: so they work at the same time as this one.

void HistoryRelay::on_history(EventId position) {
  add(Begun{position}, 0);
  first_->subscriber().on_history(position);
}

void HistoryRelay::on_message(EventId id, std::string_view message) {
  add(Message{.id = id, .text = std::string(message)}, message.size());
  first_->subscriber().on_message(id, message);
}

void HistoryRelay::on_live() {
  add(Live{source_.loss_reason()}, 0);
  first_->subscriber().on_live();
}

void HistoryRelay::on_caught_up() {
  const Loops answered = std::exchange(asking_, {});
  add(CaughtUp{answered}, 0);
  ask_source();
  if (answered[0]) {
    first_->subscriber().on_caught_up();
  }
}

void HistoryRelay::add(Event event, std::size_t bytes) {
  if (failure_) {
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }
  if (!batch_) {
    batch_ = std::make_shared<Batch>();
  }
  batch_->events.push_back(std::move(event));
  batch_->bytes += sizeof(Event) + bytes;
  if (batch_->bytes > batch_bytes_max) {
    hand_out();
  } else {
    hand_out_later();
  }
}

// At the end of the turn, which may bring more events.
void HistoryRelay::hand_out_later() {
  if (is_hand_out_posted_) {
    return;
  }
  try {
    asio::post(home_, [this] {
      is_hand_out_posted_ = false;
      hand_out();
    });
    is_hand_out_posted_ = true;
  } catch (const std::exception&) {
    hand_out();  // There is no memory for waiting.
  }
}

// If a batch can't be posted, the source gets the exception on its next call. It then delivers the
// history again, or leaves a gap that the loop's hub detects.
void HistoryRelay::hand_out() {
  const BatchPtr batch = std::exchange(batch_, nullptr);
  if (!batch) {
    return;
  }
  for (const auto& feed : others_) {
    try {
      feed->hand(batch);
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
}

void HistoryRelay::catch_up(std::size_t loop) {
  waiting_.set(loop);
  ask_source();
}

// An answer under way does not cover later requests.
void HistoryRelay::ask_source() {
  if (asking_.none() && waiting_.any()) {
    asking_ = std::exchange(waiting_, {});
    source_.catch_up();
  }
}

}  // namespace regstream::broker
