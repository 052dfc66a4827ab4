#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

#include <regstream/message/codec.hpp>

#include "check.hpp"
#include "document.hpp"

namespace regstream::fuzz {

/// A time as text, by the standard library's calendar.
inline std::optional<std::int64_t> judged_time(const std::string& text) {
  static const std::regex digits{"[0-9]+"};
  static const std::regex iso{
      "([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
      "(?:[Zz]|([+-])([0-9]{2})(?::?([0-9]{2}))?)"};
  std::smatch part;
  if (std::regex_match(text, digits)) {
    const std::string number = text.substr(std::min(text.find_first_not_of('0'), text.size()));
    const std::int64_t ms = number.size() > 16 ? integer_max + 1 : std::stoll("0" + number);
    return ms <= integer_max ? std::optional{ms} : std::nullopt;
  }
  if (!std::regex_match(text, part, iso)) {
    return std::nullopt;
  }
  const auto number = [&part](std::size_t index) {
    return part[index].matched ? std::stoi(part[index].str()) : 0;
  };
  using namespace std::chrono;
  const year_month_day date{year{number(1)}, month{static_cast<unsigned>(number(2))},
                            day{static_cast<unsigned>(number(3))}};
  if (!date.ok() || number(1) == 0 || number(4) > 23 || number(5) > 59 || number(6) > 60 ||
      number(9) > 23 || number(10) > 59) {
    return std::nullopt;
  }
  const auto zone = hours{number(9)} + minutes{number(10)};
  const int fraction_ms = std::stoi((part[7].str() + "000").substr(0, 3));
  const auto moment = sys_days{date} + hours{number(4)} + minutes{number(5)} + seconds{number(6)} +
                      milliseconds{fraction_ms} - (part[8] == "-" ? -zone : zone);
  const std::int64_t ms = duration_cast<milliseconds>(moment.time_since_epoch()).count();
  return ms >= 0 ? std::optional{ms} : std::nullopt;
}

/// Applies the rules for updates to a document: whether it is an update, and its values. Details
/// and process log are compared as documents.
class UpdateJudge {
 public:
  UpdateJudge(const Json& object, const Workflow& workflow, const CodecLimits& limits)
      : workflow_(workflow), limits_(limits), unknown_(object) {
    read_id();
    if (is_refused_) {
      return;
    }
    if (const Json status = take("status"); is_name(status) && status != "") {
      expected_.status = status;
    } else {
      is_refused_ = true;
      return;
    }
    const Json stage = take("stage");
    if (stage.is_string()) {
      expected_.stage = stage;
      is_refused_ = !is_name(stage);
    } else {
      set_aside("stage", stage);
    }
    read_message();
    read_stage_status();
    details_ = read_container("details", Json::value_t::object, Json::value_t::array);
    process_log_ = read_container("processLog", Json::value_t::array, Json::value_t::object);
    read_timestamp();
    read_event_id();
  }

  [[nodiscard]] bool is_refused() const { return is_refused_; }
  [[nodiscard]] const Update& expected() const { return expected_; }
  [[nodiscard]] std::uint32_t mistyped() const { return mistyped_; }

  void check_update(const Update& update, std::string_view text) const {
    check(update.registration_id == expected_.registration_id &&
              update.text_id == expected_.text_id && update.status == expected_.status &&
              update.stage == expected_.stage && update.stage_status == expected_.stage_status &&
              update.stage_status_word == expected_.stage_status_word &&
              update.timestamp_ms == expected_.timestamp_ms && update.id == expected_.id,
          "an update's fields are the document's");
    check(message_number_.is_null() ? update.message == expected_.message
                                    : parse(update.message) == message_number_ &&
                                          text.find(update.message) != std::string_view::npos,
          "an update's message is the document's");
    check_container(update.details, details_);
    check_container(update.process_log, process_log_);
    check(update.unknown.empty() == unknown_.empty(),
          "members are kept exactly where some are unknown");
    check(update.unknown.empty() || parse(update.unknown) == unknown_,
          "the unknown members are the document's");
  }

 private:
  /// The member, which then counts as known; null if there is none.
  Json take(const char* key) {
    const auto member = unknown_.find(key);
    if (member == unknown_.end()) {
      return nullptr;
    }
    Json value = *member;
    unknown_.erase(member);
    return value;
  }

  /// The member counts as unknown after all.
  void set_aside(const char* key, const Json& value) {
    if (!value.is_null()) {
      unknown_[key] = value;
      ++mistyped_;
    }
  }

  [[nodiscard]] bool is_name(const Json& value) const {
    return value.is_string() && value.get<std::string>().size() <= limits_.name_bytes_max;
  }

  void read_id() {
    const Json sent = take(workflow_.id_member.c_str());
    if (workflow_.id_kind == IdKind::text) {
      expected_.text_id = sent.is_string() ? sent.get<std::string>() : "";
      is_refused_ = expected_.text_id.empty() || expected_.text_id == "*" ||
                    expected_.text_id.size() > 128 || has_control_character(expected_.text_id);
      return;
    }
    const Json id = id_number(sent);
    is_refused_ = id.is_null();
    if (!is_refused_) {
      const Decimal decimal = decimal_of(number_text(id));
      is_refused_ = decimal.is_negative || decimal.has_rest || decimal.whole.empty() ||
                    decimal.whole.size() > 16 || std::stoll(decimal.whole) > integer_max;
      expected_.registration_id = is_refused_ ? 0 : std::stoll(decimal.whole);
    }
  }

  /// By the code points of Unicode's category Cc.
  [[nodiscard]] static bool has_control_character(const std::string& text) {
    static const std::regex control{"[\\x01-\\x1f\\x7f]|\xC2[\x80-\x9F]"};
    return text.find('\0') != std::string::npos || std::regex_search(text, control);
  }

  void read_message() {
    const Json message = take("message");
    if (message.is_string()) {
      expected_.message = message;
    } else if (is_number(message)) {
      message_number_ = message;
    } else {
      set_aside("message", message);
    }
  }

  void read_stage_status() {
    if (workflow_.infer_stage_status) {
      expected_.stage_status = infer_stage_status(expected_.message);
    }
    const Json word = take("stageStatus");
    if (!is_name(word)) {
      set_aside("stageStatus", word);
      return;
    }
    for (const StageStatus status : {StageStatus::started, StageStatus::completed,
                                     StageStatus::failed, StageStatus::skipped}) {
      if (word == std::string{to_string(status)}) {
        expected_.stage_status = status;
        return;
      }
    }
    expected_.stage_status_word = word;
  }

  /// Null if there is none.
  Json read_container(const char* key, Json::value_t kind, Json::value_t other) {
    const Json sent = take(key);
    std::optional<Json> value = sent;
    if (sent.is_string()) {
      value = parse(sent.get<std::string>());
      if (depth_of(sent.get<std::string>()) >= limits_.depth_max) {
        value.reset();
      }
    }
    if (value && value->type() == kind) {
      return *value;
    }
    if (!value || value->type() != other || !value->empty()) {
      set_aside(key, sent);
    }
    return nullptr;
  }

  static void check_container(std::string_view text, const Json& expected) {
    check(text.empty() == expected.is_null(), "text is cut out exactly where there is some");
    if (!text.empty()) {
      check(std::string_view{"{["}.find(text.front()) != std::string_view::npos &&
                std::string_view{"}]"}.find(text.back()) != std::string_view::npos,
            "what is cut out goes from bracket to bracket");
      check(parse(text) == expected, "what is cut out is the member, by itself JSON");
    }
  }

  void read_timestamp() {
    const Json sent = take("timestamp");
    std::optional<std::int64_t> time;
    if (sent.is_string()) {
      time = judged_time(sent.get<std::string>());
    } else if (is_number(sent)) {
      const Decimal decimal = decimal_of(number_text(sent));
      const bool is_positive = !decimal.is_negative || (decimal.whole.empty() && !decimal.has_rest);
      const bool is_small = decimal.whole.size() <= 16;
      const std::int64_t whole = is_small ? std::stoll("0" + decimal.whole) : integer_max + 1;
      time = is_positive && whole <= integer_max ? std::optional{whole} : std::nullopt;
    }
    expected_.timestamp_ms = time.value_or(0);
    if (!time) {
      set_aside("timestamp", sent);
    }
  }

  void read_event_id() {
    const Json id = take("id");
    if (id.is_string()) {
      expected_.id = parse_event_id(id.get<std::string>());
    }
    if (!expected_.id && !id.is_null()) {
      unknown_["id"] = id;
    }
  }

  const Workflow& workflow_;
  const CodecLimits& limits_;
  Json unknown_;
  Update expected_;
  Json message_number_;
  Json details_;
  Json process_log_;
  std::uint32_t mistyped_ = 0;
  bool is_refused_ = false;
};

}  // namespace regstream::fuzz
