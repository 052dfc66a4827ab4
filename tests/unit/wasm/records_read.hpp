#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/session/stream_session.hpp>

#include "records.hpp"

/// The ABI's records, read as JavaScript reads them. Every address, size and slice is followed; one
/// that points outside its text throws std::out_of_range.
namespace regstream::abi::read {

struct Message {
  MessageRecord record;
  std::string text_id;
  std::string status;
  std::string stage;
  std::string message;
  std::string cursor;
  std::string json;
};

struct Stage {
  StageRecord record;
  std::string name;
  std::string message;
};

struct View {
  ViewRecord record;
  std::string text_id;
  std::string status;
  std::string stage;
  std::string message;
  std::string id;
  std::string details;
  std::string process_log;
  std::vector<Stage> stages;
};

/// The results of a call of `client_event` or `client_bytes`.
struct Batch {
  std::vector<Message> messages;
  std::string cursor_at_end;
  std::vector<View> views;
};

struct Event {
  std::string type;
  std::string data;
  std::string last_event_id;
};

struct Skipped {
  SkippedRecord record;
  std::string last_event_id;
};

/// The results of a call of `parser_push`.
struct Events {
  std::vector<Event> events;
  std::vector<Skipped> skipped;
};

/// `count` is the call's return value; below 0 there are no results.
[[nodiscard]] Batch batch(std::int32_t count);
[[nodiscard]] Events events(std::uint32_t count);
/// The text of `client_poll` and `parser_last_event_id`.
[[nodiscard]] std::string_view result_text();
/// The query of `client_poll`.
[[nodiscard]] std::string_view result_query();

}  // namespace regstream::abi::read
