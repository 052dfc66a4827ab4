#include "backend/json.hpp"

#include <nlohmann/json.hpp>

namespace regstream::backend {
namespace {

// Keeps the fields' order, for people who read it.
using OrderedJson = nlohmann::ordered_json;

std::string dump(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

OrderedJson or_null(const std::optional<std::string>& text) {
  return text ? OrderedJson(*text) : OrderedJson(nullptr);
}

OrderedJson to_json(const LogEntry& entry) {
  return {{"stage", entry.stage},
          {"stageStatus", to_string(entry.stage_status)},
          {"message", entry.message},
          {"timestamp", entry.timestamp_ms}};
}

OrderedJson to_json(const Account& account) {
  return {{"number", account.number},
          {"type", account.type},
          {"currency", account.currency},
          {"status", account.status}};
}

template <typename Record>
OrderedJson to_array(const std::vector<Record>& records) {
  OrderedJson array = OrderedJson::array();
  for (const Record& record : records) {
    array.push_back(to_json(record));
  }
  return array;
}

OrderedJson summary_json(const Registration& registration) {
  const Application& application = registration.application;
  return {{"id", registration.id},
          {"customerName", application.customer_name},
          {"customerNumber", application.customer_number},
          {"phone", application.phone},
          {"branch", application.branch},
          {"status", to_string(registration.status)},
          {"message",
           registration.message.empty() ? OrderedJson(nullptr) : OrderedJson(registration.message)},
          {"validating", registration.validating},
          {"submittedAt", registration.submitted_timestamp_ms},
          {"updatedAt", registration.updated_timestamp_ms}};
}

OrderedJson details_json(const std::string& details) {
  OrderedJson json = OrderedJson::parse(details, nullptr, false);
  return json.is_object() ? json : OrderedJson(nullptr);
}

}  // namespace

std::string process_log_json(const std::vector<LogEntry>& entries) {
  return dump(to_array(entries));
}

std::string registration_json(const Registration& registration) {
  OrderedJson json = summary_json(registration);
  json["email"] = or_null(registration.application.email);
  json["nationalId"] = registration.application.national_id;
  json["accounts"] = to_array(registration.accounts);
  json["details"] = details_json(registration.details);
  json["processLog"] = to_array(registration.process_log);
  json["mobileUserId"] = or_null(registration.mobile_user_id);
  json["elixirUserId"] = or_null(registration.elixir_user_id);
  return dump(json);
}

std::string registrations_json(const RegistrationList& list) {
  OrderedJson array = OrderedJson::array();
  for (const Registration& registration : list.registrations) {
    array.push_back(summary_json(registration));
  }
  return dump(OrderedJson{{"registrations", std::move(array)}, {"hasMore", list.has_more}});
}

}  // namespace regstream::backend
