#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <regstream/session/stream_session.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace regstream::test {

/// The request of a session's attempt.
struct Asked {
  AttemptId attempt{};
  std::string query;
  std::string last_event_id;
};

/// A session and its shell. Time is a number that the test advances.
class OpenSession {
 public:
  OpenSession(const Workflow& workflow, std::vector<InstanceId> ids, StreamEnd end = {},
              std::string_view last_event_id = {})
      : session({}, 1, workflow, ids, last_event_id, {}, end) {}

  void open() {
    REQUIRE(session.connect(now));
    run();
    accept();
  }
  void accept() {
    ResponseHead head;
    head.status = 200;
    head.is_event_stream = true;
    REQUIRE(session.on_response(asked.back().attempt, head, now));
    run();
  }
  void reach_deadline() {
    now = *session.next_deadline();
    session.handle_deadline(now);
    run();
  }
  /// The stream breaks, and opens again.
  void reopen() {
    REQUIRE(session.on_end(asked.back().attempt, TransportEnd::failed, now));
    run();
    reach_deadline();
    accept();
  }
  void run() {
    while (const auto action = session.poll_action()) {
      if (const auto* const opening = std::get_if<OpenTransport>(&*action)) {
        asked.push_back({.attempt = opening->attempt,
                         .query = session.request_query(),
                         .last_event_id = std::string(opening->last_event_id)});
      } else if (const auto* const change = std::get_if<StateChanged>(&*action)) {
        changes.push_back(*change);
      }
    }
  }
  /// The kinds of the messages in one event.
  MessageKind receive(std::string_view id, std::string_view data) {
    const std::string bytes = "id: " + std::string(id) + "\ndata: " + std::string(data) + "\n\n";
    REQUIRE(session.on_bytes(asked.back().attempt, bytes, now));
    const auto message = session.poll_message();
    REQUIRE(message);
    view_changed = message->view_changed;
    end_id = message->content == nullptr ? std::nullopt : message->content->end_id;
    CHECK_FALSE(session.poll_message());
    run();
    return message->kind;
  }

  StreamSession session;
  Instant now{};
  std::vector<Asked> asked;
  std::vector<StateChanged> changes;
  bool view_changed = false;  ///< Whether the last message changed a view.
  std::optional<EventId> end_id;
};

}  // namespace regstream::test
