#include "simulation/coverage.hpp"

namespace regstream::simulation {
namespace {

constexpr std::array<std::string_view, faults_count> fault_names{
    "reset stream",        "stall stream",    "half-open stream", "part clients",
    "restart client",      "sleep client",    "signal client",    "crash gateway",
    "cut gateway's power", "drain gateway",   "break redis link", "stall redis link",
    "restart redis",       "flush redis",     "restore redis",    "set calendar",
    "leap clock",          "crash publisher", "refuse writes",    "lose power",
    "fail over redis",     "forge messages",  "kill primary",     "cut off primary",
    "hand over primary"};

constexpr std::array<std::string_view, situations_count> situation_names{"stream resumed",
                                                                         "stream reset",
                                                                         "snapshot sent",
                                                                         "reader overrun",
                                                                         "malformed passed",
                                                                         "delivery cut",
                                                                         "delivery slowed",
                                                                         "buffer filled",
                                                                         "turn used up",
                                                                         "dead peer dropped",
                                                                         "attempt refused",
                                                                         "attempt failed",
                                                                         "silence noticed",
                                                                         "answer timed out",
                                                                         "wait cut short",
                                                                         "timer throttled",
                                                                         "view restored",
                                                                         "gap restored",
                                                                         "page followed",
                                                                         "history trimmed",
                                                                         "trimmed while away",
                                                                         "epoch changed",
                                                                         "history carried over",
                                                                         "message saved",
                                                                         "bare heard",
                                                                         "bare adopted",
                                                                         "adoption raced",
                                                                         "adoption too late",
                                                                         "hearing paused",
                                                                         "subscriber cut",
                                                                         "channel left",
                                                                         "loss recorded",
                                                                         "writes lost",
                                                                         "restart doubted",
                                                                         "publish repeated",
                                                                         "batch repeated",
                                                                         "updates batched",
                                                                         "publish sent again",
                                                                         "publish refused",
                                                                         "call outlived link",
                                                                         "registration forgotten",
                                                                         "write refused",
                                                                         "publish out of order",
                                                                         "adoption refused",
                                                                         "probe refused",
                                                                         "script unknown",
                                                                         "read refused",
                                                                         "event skipped",
                                                                         "registration recalled",
                                                                         "replica refused",
                                                                         "primary found",
                                                                         "message refused",
                                                                         "message forged",
                                                                         "forgery adopted",
                                                                         "bare repeated",
                                                                         "ids changed",
                                                                         "changes gathered",
                                                                         "snapshot named",
                                                                         "name repeated",
                                                                         "update known",
                                                                         "update unwanted",
                                                                         "other passed by",
                                                                         "end delivered",
                                                                         "end delivered again",
                                                                         "stream stopped",
                                                                         "end passed over",
                                                                         "token renewed",
                                                                         "renewal failed",
                                                                         "token expired",
                                                                         "key withdrawn",
                                                                         "rights limited",
                                                                         "stream held back",
                                                                         "stream tried",
                                                                         "replica met",
                                                                         "sentinel behind",
                                                                         "failover followed",
                                                                         "failover doubted",
                                                                         "replica behind",
                                                                         "replicas missed",
                                                                         "branch lost"};

/// Calls `say` with each name and count.
template <typename Say>
void for_each(const Coverage& coverage, Say say) {
  for (std::size_t fault = 0; fault < faults_count; ++fault) {
    say(fault_names[fault], coverage.faults[fault]);
  }
  for (std::size_t situation = 0; situation < situations_count; ++situation) {
    say(situation_names[situation], coverage.situations[situation]);
  }
}

}  // namespace

std::string_view to_string(Fault fault) {
  return fault_names[static_cast<std::size_t>(fault)];
}

std::string_view to_string(Situation situation) {
  return situation_names[static_cast<std::size_t>(situation)];
}

void Coverage::add(const Coverage& other) {
  for (std::size_t fault = 0; fault < faults_count; ++fault) {
    faults[fault] += other.faults[fault];
  }
  for (std::size_t situation = 0; situation < situations_count; ++situation) {
    situations[situation] += other.situations[situation];
  }
}

std::string Coverage::missing() const {
  std::string names;
  for_each(*this, [&names](std::string_view name, std::uint64_t count) {
    if (count == 0) {
      names += (names.empty() ? "" : ", ") + std::string{name};
    }
  });
  return names;
}

std::string Coverage::table() const {
  constexpr std::size_t column_width = 36;
  constexpr int columns = 3;
  std::string text;
  std::string line;
  int column = 0;
  for_each(*this, [&](std::string_view name, std::uint64_t count) {
    const std::string cell = std::string{name} + ' ' + std::to_string(count);
    line += cell;
    if (++column % columns == 0) {
      text += line + '\n';
      line.clear();
    } else if (cell.size() < column_width) {
      line.append(column_width - cell.size(), ' ');
    } else {
      line += ' ';
    }
  });
  return line.empty() ? text : text + line + '\n';
}

}  // namespace regstream::simulation
