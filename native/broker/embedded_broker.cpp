#include "broker/embedded_broker.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/post.hpp>

#include "broker/embedded_journal.hpp"
#include "broker/history/readiness.hpp"
#include "broker/monotonic_clock.hpp"
#include "log/log.hpp"

namespace regstream::broker {
namespace {

constexpr std::string_view white_space = " \t\r\n";

// `,"id":"` and `"}` around two numbers below 2^64 and their dash.
constexpr std::size_t id_bytes_max = 7 + 20 + 1 + 20 + 2;

std::int64_t read_clock() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(white_space);
  return first == std::string_view::npos
             ? std::string_view{}
             : text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

/// Whether an id can be inserted. Readers check the rest.
bool is_object(std::string_view text) {
  return text.size() >= 2 && text.front() == '{' && text.back() == '}';
}

/// Appends the id as the last member: of duplicate members the last one counts.
std::string with_id(std::string_view object, EventId id) {
  object.remove_suffix(1);
  std::string numbered;
  numbered.reserve(object.size() + id_bytes_max);
  numbered.append(object);
  numbered.append(trim(object.substr(1)).empty() ? R"("id":")" : R"(,"id":")");
  append_event_id(numbered, id);
  numbered.append("\"}");
  return numbered;
}

}  // namespace

class EmbeddedBroker::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(boost::asio::io_context& context, EmbeddedBrokerOptions options)
      : context_(context), options_(std::move(options)) {
    if (!options_.now_timestamp_ms) {
      options_.now_timestamp_ms = read_clock;
    }
    if (!options_.now) {
      options_.now = monotonic_now;
    }
    readiness_.on_read();
    readiness_.on_published(options_.now());
    const std::int64_t now_ms = options_.now_timestamp_ms();
    last_ = {static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms, 1)), 0};
    if (!options_.journal) {
      return;
    }
    journal_.emplace(*options_.journal, options_.workflow->channel, options_.limits, now_ms);
    last_ = journal_->last();
    for (EmbeddedJournal::Key& key : journal_->read_keys()) {
      remember(std::move(key));
    }
  }

  [[nodiscard]] logging::Condition about(logging::Condition condition) const {
    return condition.about(options_.workflow->name);
  }

  void publish(std::string message, std::string key, PublishHandler done) {
    const std::lock_guard lock{mutex_};
    Waiting waiting{std::move(message), std::move(key), std::move(done), {}};
    // Refused messages wait too, without their text: `done` is called on the broker's thread.
    if (waiting_.size() - refused_ >= options_.limits.waiting_max ||
        waiting_bytes_ + waiting.bytes() > options_.limits.waiting_bytes_max) {
      logging::warn(about("embedded queue full"),
                    "an update was dropped: {} others ({} bytes) already wait for the broker; "
                    "publish more slowly",
                    waiting_.size() - refused_, waiting_bytes_);
      if (!waiting.done) {
        return;
      }
      waiting = {
          {}, {}, std::move(waiting.done), "The broker is busy: too many updates wait for it."};
      ++refused_;
    } else {
      waiting_bytes_ += waiting.bytes();
    }
    waiting_.push_back(std::move(waiting));
    schedule_turn();
  }

  void subscribe(Subscriber& subscriber) {
    boost::asio::post(context_, [weak = weak_from_this(), &subscriber] {
      if (const auto self = weak.lock()) {
        self->begin(subscriber);
      }
    });
  }

  void catch_up() {
    boost::asio::post(context_, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->subscriber_->on_caught_up();
      }
    });
  }

  const Obstacles& obstacles() {
    // An empty batch is written like any other.
    if (journal_ && readiness_.is_probe_due(options_.now())) {
      static_cast<void>(write({}, options_.now_timestamp_ms()));
    }
    return readiness_.obstacles();
  }

  void close() { is_closed_ = true; }

 private:
  struct Waiting {
    std::string message;
    std::string key;
    PublishHandler done;
    std::string refusal;

    [[nodiscard]] std::size_t bytes() const { return message.size() + key.size(); }
  };

  /// What becomes of one message of a turn.
  struct Outcome {
    std::string_view object;  ///< A view into its `Waiting`.
    PublishResult result;
    bool is_new = false;
  };

  // Posted even from the broker's own thread, so that a subscriber that publishes is never
  // re-entered.
  void schedule_turn() {
    if (!std::exchange(turn_is_scheduled_, true)) {
      boost::asio::post(context_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
          self->turn();
        }
      });
    }
  }

  void begin(Subscriber& subscriber) {
    subscriber.on_history(journal_ ? journal_->before_oldest() : last_);
    if (journal_) {
      journal_->read([&subscriber](EventId id, std::string_view message) {
        subscriber.on_message(id, with_id(message, id));
      });
    }
    subscriber.on_live();
    subscriber_ = &subscriber;
  }

  void turn() {
    const std::vector<Waiting> waiting = next_slice();
    const std::vector<Outcome> outcomes = assign_ids(waiting);
    for (std::size_t index = 0; index < outcomes.size() && !is_closed_; ++index) {
      const Outcome& one = outcomes[index];
      if (one.is_new && subscriber_ != nullptr) {
        const EventId id = std::get<EventId>(one.result);
        subscriber_->on_message(id, with_id(one.object, id));
      }
      if (waiting[index].done) {
        waiting[index].done(one.result);
      }
    }
  }

  std::vector<Waiting> next_slice() {
    const std::lock_guard lock{mutex_};
    std::vector<Waiting> slice;
    std::size_t bytes = 0;
    while (!waiting_.empty() && slice.size() < options_.limits.turn_messages_max &&
           bytes < options_.limits.turn_bytes_max) {
      Waiting& next = waiting_.front();
      bytes += next.bytes();
      refused_ -= next.refusal.empty() ? 0U : 1U;
      slice.push_back(std::move(next));
      waiting_.pop_front();
    }
    waiting_bytes_ -= bytes;
    turn_is_scheduled_ = false;
    if (!waiting_.empty()) {
      schedule_turn();
    }
    return slice;
  }

  /// Assigns ids to the messages, and keeps them.
  std::vector<Outcome> assign_ids(const std::vector<Waiting>& waiting) {
    const std::int64_t now_ms = options_.now_timestamp_ms();
    EmbeddedJournal::Batch batch;
    std::unordered_map<std::string_view, EventId> new_keys;
    EventId last = last_;
    std::vector<Outcome> outcomes;
    outcomes.reserve(waiting.size());
    for (const Waiting& one : waiting) {
      Outcome next{trim(one.message), last, false};
      if (const std::string refusal = refuse(one, next.object); !refusal.empty()) {
        next.result = PublishError{refusal};
      } else if (const auto known = keys_.find(one.key); known != keys_.end()) {
        next.result = EventId{last_.epoch, known->second};
      } else if (const auto before = new_keys.find(one.key); before != new_keys.end()) {
        next.result = before->second;
      } else {
        ++last.sequence;
        next = {next.object, last, true};
        batch.messages.push_back(next.object);
        if (!one.key.empty()) {
          new_keys.emplace(one.key, last);
          batch.keys.push_back({.key = one.key, .sequence = last.sequence, .timestamp_ms = now_ms});
        }
      }
      outcomes.push_back(std::move(next));
    }
    if (!batch.messages.empty()) {
      batch.expired_keys = count_expired_keys(batch.keys.size(), now_ms);
      keep(std::move(batch), last, outcomes, now_ms);
    }
    return outcomes;
  }

  /// Returns an error text, or nothing.
  std::optional<std::string> write(const EmbeddedJournal::Batch& batch, std::int64_t now_ms) {
    if (!journal_) {
      return std::nullopt;
    }
    try {
      journal_->append(batch, now_ms);
    } catch (const std::runtime_error& error) {
      readiness_.on_publishing_failed("the journal can't be written: the log says why",
                                      options_.now());
      journal_fails_ = true;
      logging::error(about("nothing can be published"), "nothing can be published: {}",
                     error.what());
      return error.what();
    }
    readiness_.on_published(options_.now());
    if (std::exchange(journal_fails_, false)) {
      logging::info(about("journal works again"), "the journal {} can be written again",
                    options_.journal->path().string());
    }
    return std::nullopt;
  }

  void keep(EmbeddedJournal::Batch batch, EventId last, std::vector<Outcome>& outcomes,
            std::int64_t now_ms) {
    if (const auto error = write(batch, now_ms)) {
      fail(outcomes, error->c_str());
      return;
    }
    last_ = last;
    for (EmbeddedJournal::Key& key : batch.keys) {
      remember(std::move(key));
    }
    for (std::size_t count = 0; count < batch.expired_keys; ++count) {
      keys_.erase(keys_in_order_.front().key);
      keys_in_order_.pop_front();
    }
  }

  /// The new messages are not kept, and neither are their duplicates by key.
  void fail(std::vector<Outcome>& outcomes, const char* reason) const {
    for (Outcome& one : outcomes) {
      const EventId* const id = std::get_if<EventId>(&one.result);
      if (id != nullptr && *id > last_) {
        one.result = PublishError{reason};
        one.is_new = false;
      }
    }
  }

  [[nodiscard]] std::string refuse(const Waiting& one, std::string_view object) const {
    if (!one.refusal.empty()) {
      return one.refusal;
    }
    if (!is_object(object)) {
      return "The message must be a JSON object.";
    }
    const EmbeddedLimits& limits = options_.limits;
    if (object.size() + id_bytes_max > limits.message_bytes_max) {
      return "The message must have at most " +
             std::to_string(limits.message_bytes_max - id_bytes_max) + " bytes.";
    }
    if (one.key.size() > limits.key_bytes_max) {
      return "The idempotency key must have at most " + std::to_string(limits.key_bytes_max) +
             " bytes.";
    }
    return {};
  }

  void remember(EmbeddedJournal::Key key) {
    keys_.emplace(key.key, key.sequence);
    keys_in_order_.push_back({std::move(key.key), key.timestamp_ms});
  }

  [[nodiscard]] std::size_t count_expired_keys(std::size_t added, std::int64_t now_ms) const {
    const std::size_t all = keys_in_order_.size() + added;
    const EmbeddedLimits& limits = options_.limits;
    std::size_t expired = all > limits.keys_max ? all - limits.keys_max : 0;
    if (expired > 0 && expired <= keys_in_order_.size()) {
      const std::int64_t age_ms = now_ms - keys_in_order_[expired - 1].timestamp_ms;
      if (age_ms < limits.key_age_min.count()) {
        logging::warn(about("keys forgotten early"),
                      "idempotency keys are forgotten after {} s, since there are more than {}: a "
                      "retry after that time publishes an update twice",
                      age_ms / 1'000, limits.keys_max);
      }
    }
    while (expired < keys_in_order_.size() &&
           now_ms - keys_in_order_[expired].timestamp_ms > limits.key_age_max.count()) {
      ++expired;
    }
    return expired;
  }

  struct KnownKey {
    std::string key;
    std::int64_t timestamp_ms;
  };

  boost::asio::io_context& context_;
  EmbeddedBrokerOptions options_;
  std::optional<EmbeddedJournal> journal_;
  bool journal_fails_ = false;
  Readiness readiness_{"the broker begins"};
  EventId last_;
  std::unordered_map<std::string, std::uint64_t> keys_;  // The sequence of each key's message.
  std::deque<KnownKey> keys_in_order_;
  Subscriber* subscriber_ = nullptr;
  bool is_closed_ = false;

  std::mutex mutex_;  // Guards what follows.
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t refused_ = 0;
  bool turn_is_scheduled_ = false;
};

EmbeddedBroker::EmbeddedBroker(boost::asio::io_context& context, EmbeddedBrokerOptions options)
    : Broker(*options.workflow),
      implementation_(std::make_shared<Implementation>(context, std::move(options))) {}

EmbeddedBroker::~EmbeddedBroker() {
  implementation_->close();
}

void EmbeddedBroker::publish(std::string message, std::string key, PublishHandler done) {
  implementation_->publish(std::move(message), std::move(key), std::move(done));
}

void EmbeddedBroker::subscribe(Subscriber& subscriber) {
  implementation_->subscribe(subscriber);
}

void EmbeddedBroker::catch_up() {
  implementation_->catch_up();
}

Obstacles EmbeddedBroker::obstacles() {
  return implementation_->obstacles();
}

}  // namespace regstream::broker
