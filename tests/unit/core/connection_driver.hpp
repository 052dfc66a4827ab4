#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <regstream/connection/connection.hpp>
#include <string>
#include <variant>
#include <vector>

namespace regstream::test {

/// Delays without jitter, so that tests know them.
inline ConnectionOptions without_jitter() {
  ConnectionOptions options;
  options.backoff = {.base = Duration{0}, .cap = Duration{0}};
  return options;
}

/// A connection and its caller. Time is a number that the test advances; the driver records the
/// machine's actions.
struct Driver {
  explicit Driver(const ConnectionOptions& options = {}, std::uint64_t seed = 1)
      : connection(options, seed) {}

  /// Carries out the pending actions. `transport` is the transport that is open afterwards.
  void run() {
    while (auto action = connection.poll_action()) {
      if (const auto* request = std::get_if<RequestToken>(&*action)) {
        // For a new attempt, or to replace the open stream.
        REQUIRE((!transport || connection.state() == ConnectionState::open));
        token_request = *request;
        ++token_requests;
      } else if (const auto* open = std::get_if<OpenTransport>(&*action)) {
        REQUIRE_FALSE(transport.has_value());  // Never two at a time.
        transport = open->attempt;
        sent_last_event_id = open->last_event_id;
        kind = open->kind;
        ++opened;
      } else if (const auto* close = std::get_if<CloseTransport>(&*action)) {
        REQUIRE(transport == close->attempt);
        transport.reset();
      } else if (const auto* probing = std::get_if<OpenProbe>(&*action)) {
        REQUIRE(transport == probing->attempt);
        REQUIRE_FALSE(probe.has_value());
        probe = probing->attempt;
        ++probes;
      } else if (std::holds_alternative<CloseProbe>(*action)) {
        REQUIRE(probe.has_value());
        probe.reset();
      } else if (const auto* change = std::get_if<StateChanged>(&*action)) {
        changes.push_back(*change);
      }
    }
  }

  void connect() {
    connection.connect(now);
    run();
  }
  void close() {
    connection.close(now);
    run();
  }
  void restart() {
    connection.restart(now);
    run();
  }
  void online() {
    connection.on_online(now);
    run();
  }
  void offline() {
    connection.on_offline(now);
    run();
  }
  void look() {
    connection.on_visible(now);
    run();
  }
  void restore() {
    connection.on_restored(now);
    run();
  }
  void give_token() {
    connection.on_token(token_request->attempt, now);
    run();
  }
  void fail_token(TokenFailure failure) {
    connection.on_token_failed(token_request->attempt, failure, now);
    run();
  }
  void respond(std::uint16_t status, bool is_event_stream = false,
               std::optional<Duration> retry_after = std::nullopt) {
    ResponseHead head;
    head.status = status;
    head.is_event_stream = is_event_stream;
    head.retry_after = retry_after;
    respond(head);
  }
  void respond(const ResponseHead& head) {
    connection.on_response(*transport, head, now);
    run();
  }
  /// The server's response to the request for a ticket.
  void refuse_ticket(std::uint16_t status, std::optional<Duration> retry_after = std::nullopt) {
    ResponseHead head;
    head.status = status;
    head.retry_after = retry_after;
    connection.on_response(token_request->attempt, head, now);
    run();
  }
  void accept() { respond(200, true); }
  void end(TransportEnd how) {
    connection.on_end(*transport, how, now);
    run();
  }
  /// An event of the stream.
  void event_arrives() {
    connection.on_activity(*transport, now);
    REQUIRE(connection.on_event_arrived(*transport));
    run();
  }
  void probe_event() {
    REQUIRE(connection.on_probe_event(*probe, now));
    run();
  }
  void advance(Duration by) { now += by; }
  void handle_deadline() {
    connection.handle_deadline(now);
    run();
  }
  /// Advances time to the machine's deadline, and handles it. Returns how long that took.
  Duration reach_deadline() {
    const auto deadline = connection.next_deadline();
    REQUIRE(deadline.has_value());
    const Duration wait = *deadline - now;
    now = *deadline;
    handle_deadline();
    return wait;
  }

  Connection connection;
  Instant now{};
  std::optional<AttemptId> transport;
  std::string sent_last_event_id;
  TransportKind kind{};
  int opened = 0;
  std::optional<AttemptId> probe;
  int probes = 0;
  std::optional<RequestToken> token_request;  ///< The last request.
  int token_requests = 0;
  std::vector<StateChanged> changes;
};

}  // namespace regstream::test
