#include "event_records.hpp"

#include <string>
#include <variant>

namespace regstream::abi {
namespace {

/// Appends ids. Consecutive events usually have the same id, which is stored once.
class Ids {
 public:
  explicit Ids(BatchText& text) : text_(text) {}

  Slice append(std::string_view id) {
    if (id != last_) {
      last_ = id;
      slice_ = text_.append(id);
    }
    return slice_;
  }

 private:
  BatchText& text_;
  std::string last_;
  Slice slice_;
};

}  // namespace

void write_events(Batch& batch, sse::Parser& parser, std::string_view bytes) {
  Ids ids(batch.text);
  parser.feed(bytes);
  while (true) {
    const sse::Token token = parser.next();
    if (const auto* event = std::get_if<sse::Event>(&token)) {
      EventRecord& record = batch.events.add();
      if (event->type != "message") {
        record.type = batch.text.append(event->type);
      }
      record.data = batch.text.append(event->data);
      record.last_event_id = ids.append(event->last_event_id);
    } else if (const auto* skipped = std::get_if<sse::Skipped>(&token)) {
      batch.skipped.add() = {.bytes = static_cast<double>(skipped->bytes),
                             .before = batch.events.size(),
                             .reason = static_cast<std::uint32_t>(skipped->reason),
                             .last_event_id = ids.append(skipped->last_event_id)};
    } else if (std::holds_alternative<sse::NeedInput>(token)) {
      return;
    }
  }
}

}  // namespace regstream::abi
