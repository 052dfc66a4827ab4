// Decoding a message beside nlohmann's own DOM, which is what one would write without the codec.

#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>
#include <regstream/message/codec.hpp>
#include <string>
#include <variant>

namespace {

const std::string& stage_update() {
  static const std::string json =
      R"({"registrationId":42,"status":"PENDING","stage":"t24_lookup","stageStatus":"completed",)"
      R"("message":"Found 5 accounts","timestamp":1702493000000})";
  return json;
}

/// With the log of its stages, as validation ends.
const std::string& final_update() {
  static const std::string json = [] {
    std::string log;
    for (int entry = 0; entry < 8; ++entry) {
      log.append(entry == 0 ? "" : ",")
          .append(R"({"stage":"account_validation","stageStatus":"completed",)"
                  R"("message":"Validated 5 accounts","timestamp":1702493000000})");
    }
    return R"({"registrationId":42,"status":"APPROVED","message":"Customer validated successfully",)"
           R"("details":{"accountsFound":5},"processLog":[)" +
           log + R"(],"timestamp":1702493005000})";
  }();
  return json;
}

void decode(benchmark::State& state, const std::string& json) {
  for (auto _ : state) {
    auto update = regstream::decode_update(json);
    benchmark::DoNotOptimize(update);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(json.size()));
}

void dom(benchmark::State& state, const std::string& json) {
  for (auto _ : state) {
    const auto document = nlohmann::json::parse(json, nullptr, false);
    regstream::Update update;
    update.registration_id = document.at("registrationId").get<std::int64_t>();
    update.status = document.at("status").get<std::string>();
    update.stage = document.value("stage", "");
    update.message = document.value("message", "");
    if (const auto details = document.find("details"); details != document.end()) {
      update.details = details->dump();
    }
    if (const auto log = document.find("processLog"); log != document.end()) {
      update.process_log = log->dump();
    }
    update.timestamp_ms = document.at("timestamp").get<std::int64_t>();
    benchmark::DoNotOptimize(update);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(json.size()));
}

BENCHMARK_CAPTURE(decode, stage_update, stage_update());
BENCHMARK_CAPTURE(dom, stage_update, stage_update());
BENCHMARK_CAPTURE(decode, final_update, final_update());
BENCHMARK_CAPTURE(dom, final_update, final_update());

}  // namespace
