#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <regstream/broker/broker.hpp>
#include <regstream/message/codec.hpp>

namespace regstream::backend {

/// Records what is published, decoded as a subscriber would: once for each key, without what it
/// fails. Thread-safe.
class RecordingBroker final : public broker::Broker {
 public:
  enum class Answer : std::uint8_t { acknowledged, failed, none };

  void publish(std::string message, std::string key, broker::PublishHandler done) override {
    const auto decoded = decode_update(message);
    if (const auto* error = std::get_if<DecodeError>(&decoded)) {
      throw std::logic_error("published what nobody can read: " + error->what);
    }
    const Answer answer = next_answer;
    ++attempts;
    if (answer == Answer::failed) {
      done(broker::PublishError{"the broker can't"});
      return;
    }
    const EventId id = keep(std::get<Update>(decoded), key);
    changed_.notify_all();
    if (on_publish) {
      on_publish(std::get<Update>(decoded));
    }
    if (answer == Answer::acknowledged) {
      done(id);
    } else {
      const std::lock_guard lock{mutex_};
      unanswered_.push_back([done = std::move(done), id] { done(id); });
    }
  }
  void subscribe(broker::Subscriber& /*subscriber*/) override {}
  void catch_up() override {}
  [[nodiscard]] bool is_connected() const override { return true; }

  [[nodiscard]] std::vector<Update> updates() const {
    const std::lock_guard lock{mutex_};
    return updates_;
  }

  /// Acknowledges updates that had no answer.
  void answer() {
    std::vector<std::function<void()>> unanswered;
    {
      const std::lock_guard lock{mutex_};
      unanswered.swap(unanswered_);
    }
    for (const auto& done : unanswered) {
      done();
    }
  }

  /// Waits for a final status of this registration; throws if there is none for a very long time.
  Update wait_for_end(std::int64_t registration_id, std::string_view status) {
    std::unique_lock lock{mutex_};
    const auto find = [&] {
      return std::find_if(updates_.begin(), updates_.end(), [&](const Update& update) {
        return update.registration_id == registration_id && update.status == status &&
               update.stage.empty();
      });
    };
    if (!changed_.wait_for(lock, std::chrono::minutes{1},
                           [&] { return find() != updates_.end(); })) {
      throw std::runtime_error("no end was published");
    }
    return *find();
  }

  /// Called with each update, before `publish` returns.
  std::function<void(const Update&)> on_publish;
  std::atomic<Answer> next_answer = Answer::acknowledged;
  std::atomic<int> attempts = 0;

 private:
  EventId keep(const Update& update, const std::string& key) {
    const std::lock_guard lock{mutex_};
    if (const auto known = keys_.find(key); !key.empty() && known != keys_.end()) {
      return known->second;
    }
    updates_.push_back(update);
    return keys_[key] = {1'702'493'000'000, updates_.size()};
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Update> updates_;
  std::map<std::string, EventId> keys_;
  std::vector<std::function<void()>> unanswered_;
};

/// An update in one line: "t24_lookup completed: Found 5 accounts", "APPROVED: Customer validated".
inline std::string describe(const Update& update) {
  if (update.stage.empty()) {
    return update.status + ": " + update.message;
  }
  return update.stage + " " + std::string{to_string(update.stage_status)} + ": " + update.message;
}

inline std::vector<std::string> describe(const std::vector<Update>& updates) {
  std::vector<std::string> lines;
  for (const Update& update : updates) {
    lines.push_back(describe(update));
  }
  return lines;
}

}  // namespace regstream::backend
