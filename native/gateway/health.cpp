#include "gateway/health.hpp"

#include <nlohmann/json.hpp>

namespace regstream::gateway {

std::string describe_health(std::string_view broker_kind, const broker::Broker& broker,
                            const hub::Hub& hub) {
  const hub::HubCounters& counters = hub.counters();
  const hub::Journal& journal = hub.journal();
  nlohmann::ordered_json json;
  json["status"] = "ok";
  json["broker"] = {{"kind", broker_kind}, {"connected", broker.is_connected()}};
  json["subscribers"] = hub.subscriptions();
  json["history"] = {{"live", hub.is_live()},
                     {"position", to_string(journal.position())},
                     {"resumableFrom", to_string(journal.resumable_from())},
                     {"messages", journal.size()},
                     {"bytes", journal.bytes()}};
  json["published"] = counters.published;
  json["malformed"] = counters.malformed + broker.malformed();
  json["duplicates"] = counters.duplicates;
  json["gaps"] = counters.gaps;
  json["deliveries"] = counters.deliveries;
  json["resumed"] = counters.resumed;
  json["waited"] = counters.waited;
  json["resets"] = counters.resets;
  json["snapshots"] = counters.snapshots;
  json["overruns"] = counters.overruns;
  return json.dump();
}

}  // namespace regstream::gateway
