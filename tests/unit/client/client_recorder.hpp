#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/client/stream_client.hpp>

namespace regstream::client {

/// Records a client's calls.
class Recorder final : public StreamHandler {
 public:
  struct Ending {
    StateChanged change;
    std::optional<StreamFailure> failure;
  };

  std::vector<std::string> events;  ///< "type|data|id"
  std::vector<std::string> comments;
  std::vector<std::string> skipped;  ///< "reason|bytes|id"
  std::vector<Duration> retries;
  std::vector<StateChanged> changes;
  std::vector<Ending> endings;  ///< Changes to waiting and to closed.
  std::function<void()> on_each_event = [] {};
  std::function<void()> on_each_comment = [] {};
  std::function<void()> on_each_skipped = [] {};
  std::function<void()> on_each_retry = [] {};
  std::function<void(ConnectionState)> on_each_state = [](ConnectionState) {};

  void on_event(const sse::Event& event) override {
    const std::string text = std::string(event.type) + "|" + std::string(event.data) + "|" +
                             std::string(event.last_event_id);
    events.push_back(text);
    on_each_event();
  }
  void on_comment(std::string_view text) override {
    comments.emplace_back(text);
    on_each_comment();
  }
  void on_skipped(const sse::Skipped& event) override {
    skipped.push_back(std::string(to_string(event.reason)) + "|" + std::to_string(event.bytes) +
                      "|" + std::string(event.last_event_id));
    on_each_skipped();
  }
  void on_retry(Duration delay) override {
    retries.push_back(delay);
    on_each_retry();
  }
  void on_state(const StateChanged& change, const StreamFailure* failure) override {
    changes.push_back(change);
    if (change.to == ConnectionState::waiting || change.to == ConnectionState::closed) {
      endings.push_back({change, failure == nullptr ? std::nullopt : std::optional(*failure)});
    }
    on_each_state(change.to);
  }

  [[nodiscard]] std::optional<StreamFailureKind> failure(std::size_t index) const {
    return index < endings.size() && endings[index].failure
               ? std::optional(endings[index].failure->kind)
               : std::nullopt;
  }
};

/// Reconnects within milliseconds.
inline StreamClientOptions fast() {
  StreamClientOptions options;
  options.connection.reconnection_time = Duration{0};
  options.connection.backoff = {.base = Duration{1}, .cap = Duration{2}};
  return options;
}

inline StreamRequest get(std::string url) {
  StreamRequest request;
  request.url = std::move(url);
  return request;
}

}  // namespace regstream::client
