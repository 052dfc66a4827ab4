#include "backend/mobile_user_job.hpp"

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <regstream/publisher/update_message.hpp>
#include <string>
#include <utility>

#include "backend/json.hpp"
#include "log/log.hpp"

namespace regstream::backend {
namespace {

// Running more often would only keep the disk busy.
constexpr Duration pause_min{10};

// Readable like other systems' ids, and always the same for a registration.
Store::MobileUser make_mobile_user(const Registration& registration) {
  std::string number = std::to_string(registration.id);
  number.insert(0, number.size() < 6 ? 6 - number.size() : 0, '0');
  return {registration.mobile_user_id.value_or("MB-" + number),
          registration.elixir_user_id.value_or("ELX-" + number)};
}

}  // namespace

MobileUserJob::MobileUserJob(const boost::asio::any_io_executor& executor, Store& store,
                             Outbox& outbox, Duration interval,
                             std::function<std::int64_t()> now_timestamp_ms)
    : timer_(executor),
      store_(store),
      outbox_(outbox),
      interval_(interval),
      now_timestamp_ms_(std::move(now_timestamp_ms)) {}

void MobileUserJob::start() {
  timer_.expires_after(std::max(interval_ / 4, pause_min));
  timer_.async_wait([this](const boost::system::error_code& error) {
    // A cancelled wait may outlive the job, so it must not touch the job.
    if (error || is_stopped_) {
      return;
    }
    try {
      look();
    } catch (const std::exception& failure) {
      logging::error("job failed", "the scheduled job failed and will try again: {}",
                     failure.what());
    }
    start();
  });
}

void MobileUserJob::stop() {
  is_stopped_ = true;
  timer_.cancel();
}

void MobileUserJob::look() {
  for (const std::int64_t id : store_.approved_until(now_timestamp_ms_() - interval_.count())) {
    if (const std::optional<Registration> registration = store_.find(id)) {
      complete(*registration);
    }
  }
}

void MobileUserJob::complete(const Registration& registration) {
  const Store::MobileUser user = make_mobile_user(registration);
  const std::string message = "User created successfully";
  const std::string details = nlohmann::ordered_json{
      {"mobileUserId", user.mobile_user_id},
      {"elixirUserId",
       user.elixir_user_id}}.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  const std::int64_t now_ms = now_timestamp_ms_();
  outbox_.push(
      store_.complete(registration.id, user, message, details, now_ms,
                      {make_final_status(registration.id, Status::completed, message, details,
                                         process_log_json(registration.process_log), now_ms)}));
}

}  // namespace regstream::backend
