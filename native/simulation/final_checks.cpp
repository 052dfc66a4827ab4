#include "simulation/final_checks.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace regstream::simulation {
namespace {

void check_entered(const Truth& truth, const std::string& text, std::size_t times = 1) {
  if (truth.times_entered(text) < times && text.find("no update") == std::string::npos) {
    throw Violation("this was published, but never entered the history: " + text);
  }
}

/// Each bare message has entered as often as gateways heard its text.
void check_heard(const Truth& truth, const std::vector<std::string>& texts) {
  std::unordered_map<std::string_view, std::size_t> times;
  for (const std::string& text : texts) {
    check_entered(truth, text, ++times[text]);
  }
}

}  // namespace

void check_caught_up(const Cast& cast) {
  for (const auto& gateway : cast.gateways) {
    const EventId position = gateway->streams().hub().journal().position();
    if (position.epoch == cast.truth.end().epoch && position != cast.truth.end() &&
        !cast.truth.epoch(position.epoch)->was_rolled_back) {
      throw Violation("a gateway rests at " + to_string(position) + ", and the history ends at " +
                      to_string(cast.truth.end()));
    }
    check_heard(cast.truth, gateway->bare_heard());
    if (gateway->is_loss_unreported()) {
      throw Violation("redis cut a gateway off, but no stream got a reset");
    }
  }
}

void check_end(const Cast& cast, bool is_settled) {
  std::size_t subscriptions = 0;
  for (const auto& gateway : cast.gateways) {
    if (!gateway->is_caught_up() || !gateway->streams().hub().is_live()) {
      throw Violation("a gateway does not follow the history, though everything is well");
    }
    if (gateway->streams().hub().journal().position() != cast.truth.end()) {
      throw Violation("a gateway is at " +
                      to_string(gateway->streams().hub().journal().position()) +
                      ", and the history at " + to_string(cast.truth.end()));
    }
    subscriptions += gateway->streams().hub().subscriptions();
    check_heard(cast.truth, gateway->bare_heard());
  }
  for (const auto& publisher : cast.publishers) {
    if (publisher->waiting() != 0) {
      throw Violation("a publisher still waits, though everything is well");
    }
    for (const std::string& text : publisher->acknowledged()) {
      check_entered(cast.truth, text);
      if (cast.plan.wait_replicas > 0 && !cast.truth.is_kept(text)) {
        throw Violation("this was acknowledged once all replicas had it, and is lost: " + text);
      }
    }
  }
  ClientProcess::Requests requests;
  for (const auto& client : cast.clients) {
    client->check_end(is_settled);
    requests.least += client->requests().least;
    requests.most += client->requests().most;
  }
  if (subscriptions < requests.least || subscriptions > requests.most) {
    throw Violation("gateways hold " + std::to_string(subscriptions) + " streams of clients with " +
                    std::to_string(requests.least) + " to " + std::to_string(requests.most));
  }
}

}  // namespace regstream::simulation
