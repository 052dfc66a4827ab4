#include "simulation/forgery.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include <regstream/message/codec.hpp>

#include "simulation/guest_workflow.hpp"

namespace regstream::simulation {
namespace {

/// How far before the history's end a known id, or a copy, is chosen.
constexpr std::uint64_t known_max = 8;
/// How far after it an unknown id is chosen. The history soon gives these out itself.
constexpr std::uint64_t unknown_max = 3;

/// No run begins a history in the years 1970 and 2286.
constexpr std::uint64_t first_epoch = 1;
constexpr std::uint64_t last_epoch = 9'999'999'999'999;

std::string update_text(const Cast& cast, std::uint64_t number, Chance& chance) {
  const Workflow& workflow = cast.truth.workflow();
  Update update = update_of(workflow, static_cast<std::int64_t>(chance.between(
                                          std::uint64_t{1}, cast.plan.registrations)));
  update.status = workflow.stage_update_status;
  update.message = "Forged " + std::to_string(number);
  update.timestamp_ms = cast.publishers.front()->timestamp_ms();
  return encode_update(update, workflow);
}

/// Puts the id where the script puts it, or where another program might.
std::string with_id(const std::string& text, EventId id, Chance& chance) {
  return chance.chance(500) ? stamped(text, id)
                            : R"({"id":")" + to_string(id) + "\"," + text.substr(1);
}

/// An id that the history has not given out, at least not yet.
EventId unknown_id(const Cast& cast, Chance& chance) {
  const EventId end = cast.truth.end();
  switch (chance.index(4)) {
    case 0:
      return {.epoch = first_epoch, .sequence = chance.between(std::uint64_t{1}, known_max)};
    case 1:
      return {.epoch = last_epoch, .sequence = chance.between(std::uint64_t{1}, known_max)};
    default:
      return {.epoch = std::max(end.epoch, first_epoch),
              .sequence = end.sequence + chance.between(std::uint64_t{1}, unknown_max)};
  }
}

std::string no_message(const Cast& cast, std::uint64_t number, Chance& chance) {
  std::string name = "no message " + std::to_string(number);
  switch (chance.index(4)) {
    case 0:
      return name;
    case 1:
      return "\xff\xfe " + name + " \xc3";
    case 2:
      return with_id(R"({"text":")" + name + "\"}", unknown_id(cast, chance), chance);
    default: {
      const std::string text = update_text(cast, number, chance);
      const auto cut = text.find(std::to_string(number)) + chance.index(8);
      return text.substr(0, std::min(cut, text.size() - 1)) + name;
    }
  }
}

}  // namespace

void forge_message(Cast& cast, std::uint64_t number, Chance& chance) {
  const EventId end = cast.truth.end();
  const std::uint64_t before_end =
      end.sequence == 0 ? 0
                        : chance.index(static_cast<std::size_t>(std::min(end.sequence, known_max)));
  const EventId known{.epoch = end.epoch, .sequence = end.sequence - before_end};
  const auto any = static_cast<Forgery>(chance.index(4));
  const bool needs_known = any == Forgery::known_id || any == Forgery::copy;
  const bool has_known =
      end.sequence > 0 && !cast.truth.epoch(end.epoch)->entry(known.sequence).message.empty();
  const Forgery forgery = needs_known && !has_known ? Forgery::unknown_id : any;
  std::string message;
  switch (forgery) {
    case Forgery::no_message:
      message = no_message(cast, number, chance);
      break;
    case Forgery::known_id:
      message = with_id(update_text(cast, number, chance), known, chance);
      break;
    case Forgery::unknown_id: {
      const EventId unknown = unknown_id(cast, chance);  // Before the text, on every compiler.
      message = with_id(update_text(cast, number, chance), unknown, chance);
      break;
    }
    case Forgery::copy:
      message = cast.truth.epoch(end.epoch)->entry(known.sequence).message;
      break;
  }
  cast.truth.expect_forged(message, forgery);
  cast.redis().publish_bare(message);
}

}  // namespace regstream::simulation
