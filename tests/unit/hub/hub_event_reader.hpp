#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <catch2/catch.hpp>
#include <regstream/sse/parser.hpp>

#include "hub_world.hpp"

namespace regstream::hub {

/// A client's connection that handles each event as it arrives. A partial event does not count.
class EventReader {
 public:
  void connect(Hub& hub, const SubscriptionRequest& request, Instant now) {
    hub_ = &hub;
    parser_.emplace();
    id_ = hub.subscribe(request, now, timestamp_ms);
  }
  void disconnect() {
    hub_->unsubscribe(*id_);
    id_.reset();
  }
  [[nodiscard]] bool is_connected() const { return id_.has_value(); }

  /// Reads up to `bytes_max` of what waits, and calls `use` with each event. False: there was less.
  template <typename Use>
  bool read(std::size_t bytes_max, Use use) {
    while (bytes_max > 0) {
      Outbox& outbox = *hub_->collect(*id_, timestamp_ms);
      if (outbox.empty()) {
        return false;
      }
      const std::string_view frame =
          outbox.frames().front()->bytes().substr(outbox.sent_of_first());
      const std::string part(frame.substr(0, bytes_max));
      outbox.consume(part.size());
      bytes_max -= part.size();
      parser_->feed(part);
      for (sse::Token token = parser_->next(); !std::holds_alternative<sse::NeedInput>(token);
           token = parser_->next()) {
        if (const auto* const event = std::get_if<sse::Event>(&token)) {
          use(*event);
        }
      }
    }
    return true;
  }

  [[nodiscard]] bool is_finished() const {
    return hub_->collect(*id_, timestamp_ms)->is_finished();
  }

 private:
  Hub* hub_ = nullptr;
  std::optional<sse::Parser> parser_;
  std::optional<SubscriptionId> id_;
};

/// A snapshot's view, and the beginning of the history in which it was true: it was true when it
/// was encoded, perhaps some histories ago.
struct SnapshotRead {
  SnapshotRead(std::string_view data, const Truth& truth) {
    const auto decoded = decode_view(data);
    REQUIRE(std::holds_alternative<RegistrationView>(decoded));
    view = std::get<RegistrationView>(decoded);
    REQUIRE(view.id);
    const auto found =
        std::find_if(truth.starts.rbegin(), truth.starts.rend(), [&](const EventId& one) {
          return view == truth.view(view.registration_id, one, *view.id);
        });
    REQUIRE(found != truth.starts.rend());
    start = *found;
  }
  RegistrationView view;
  EventId start;
};

}  // namespace regstream::hub
