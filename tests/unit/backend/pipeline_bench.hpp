#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "backend/mobile_user_job.hpp"
#include "backend/outbox.hpp"
#include "backend/pipeline.hpp"
#include "backend/sample_data.hpp"
#include "backend/store.hpp"
#include "recording_broker.hpp"

namespace regstream::backend {

/// A core banking system whose answers the test chooses.
class ScriptedCoreBanking final : public CoreBanking {
 public:
  /// The answer to every look-up; with `is_silent` there is none.
  CoreBankingResult result = CoreCustomer{"Hana Tesfaye", {{"1", "Savings", "ETB", "Active"}}};
  bool is_silent = false;
  std::vector<std::string> asked;
  /// The last look-up's handler. Calling it after a cancel would break the interface's contract.
  Handler last_handler;
  int cancelled = 0;

  explicit ScriptedCoreBanking(boost::asio::io_context& context) : context_(context) {}

  std::unique_ptr<LookUp> look_up(const std::string& customer_number, Handler handler) override {
    asked.push_back(customer_number);
    last_handler = handler;
    auto answered = std::make_shared<bool>(false);
    if (!is_silent) {
      boost::asio::post(context_, [this, answered, handler = std::move(handler)] {
        *answered = true;
        handler(result);
      });
    }
    return std::make_unique<ScriptedLookUp>(*this, std::move(answered));
  }

 private:
  struct ScriptedLookUp final : LookUp {
    ScriptedLookUp(ScriptedCoreBanking& banking, std::shared_ptr<bool> is_answered)
        : owner(banking), answered(std::move(is_answered)) {}
    ~ScriptedLookUp() override { owner.cancelled += *answered ? 0 : 1; }
    ScriptedCoreBanking& owner;
    std::shared_ptr<bool> answered;
  };

  boost::asio::io_context& context_;
};

inline constexpr std::int64_t bench_timestamp_ms = 1'702'493'000'000;

/// A pipeline on a loop that the test runs, without a pause between steps.
template <typename Banking = ScriptedCoreBanking>
struct PipelineBench {
  explicit PipelineBench(const std::filesystem::path& database, Banking& banking_used,
                         boost::asio::io_context& context_used,
                         PipelineOptions options = no_pause(),
                         std::shared_ptr<RecordingBroker> broker_used = nullptr)
      : context(context_used),
        owned_broker(broker_used ? std::move(broker_used) : std::make_shared<RecordingBroker>()),
        banking(banking_used),
        store(database),
        pipeline(context.get_executor(), store, banking, outbox, complete(std::move(options))) {
    store.fill(sample_registrations(bench_timestamp_ms), sample_mobile_customers());
  }

  static PipelineOptions no_pause() {
    return {.stage_pace = Duration{0}, .lookup_timeout = Duration{600'000}, .now_timestamp_ms = {}};
  }
  /// No step follows by itself: only `start` does something.
  static PipelineOptions standing_still() {
    return {.stage_pace = Duration{3'600'000}, .now_timestamp_ms = {}};
  }
  PipelineOptions complete(PipelineOptions options) {
    options.now_timestamp_ms = [this] { return ++now_timestamp_ms; };
    return options;
  }

  /// Runs a validation from its start to its end; returns what was published meanwhile.
  std::vector<Update> validate(std::int64_t registration_id) {
    const std::size_t before = broker.updates().size();
    if (pipeline.start(registration_id) != Pipeline::Start::started) {
      throw std::logic_error("the validation did not start");
    }
    run();
    const std::vector<Update> all = broker.updates();
    return {all.begin() + static_cast<std::ptrdiff_t>(before), all.end()};
  }
  void run() {
    context.restart();
    context.run();
  }
  [[nodiscard]] Registration registration(std::int64_t id) const { return store.find(id).value(); }

  std::int64_t now_timestamp_ms = bench_timestamp_ms;
  boost::asio::io_context& context;
  std::shared_ptr<RecordingBroker> owned_broker;
  RecordingBroker& broker = *owned_broker;
  Banking& banking;
  Store store;
  Outbox outbox{context.get_executor(), store, broker, Duration{1}};
  Pipeline pipeline;
};

}  // namespace regstream::backend
