#include "broker/redis_settings.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "broker/redis_address.hpp"
#include "broker/redis_url.hpp"

namespace regstream::broker {
namespace {

constexpr std::uint16_t redis_port = 6379;
constexpr std::uint16_t sentinel_port = 26379;

/// The values of a setting and their source: the name of an option or a variable.
struct GivenValue {
  std::string_view source;
  std::vector<std::string> values;

  [[nodiscard]] const std::string& text() const { return values.back(); }
};

[[noreturn]] void refuse(const std::string& sentence) {
  throw std::invalid_argument(sentence);
}

std::string both(const GivenValue& one, const GivenValue& other) {
  return std::string{one.source}.append(" and ").append(other.source);
}

/// The items of a list in a variable, without blanks around them.
std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> items;
  while (true) {
    const std::size_t comma = list.find(',');
    std::string_view item = list.substr(0, comma);
    item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
    item = item.substr(0, item.find_last_not_of(' ') + 1);
    items.emplace_back(item);
    if (comma == std::string_view::npos) {
      return items;
    }
    list.remove_prefix(comma + 1);
  }
}

class SettingSources {
 public:
  SettingSources(const RedisArguments& arguments, const Environment& environment)
      : arguments_(arguments), environment_(environment) {}

  [[nodiscard]] std::optional<GivenValue> argument(RedisSetting setting) const {
    const auto found = arguments_.find(setting);
    if (found == arguments_.end() || found->second.empty()) {
      return std::nullopt;
    }
    return GivenValue{definition_of(setting).option, found->second};
  }

  [[nodiscard]] std::optional<GivenValue> variable(RedisSetting setting) const {
    const RedisSettingDefinition& definition = definition_of(setting);
    const char* const value =
        *definition.variable == '\0' ? nullptr : environment_(definition.variable);
    if (value == nullptr || *value == '\0') {
      return std::nullopt;
    }
    return GivenValue{definition.variable, definition.kind == SettingKind::list
                                               ? split_list(value)
                                               : std::vector<std::string>{value}};
  }

  [[nodiscard]] std::optional<GivenValue> find(RedisSetting setting) const {
    auto given = argument(setting);
    return given ? std::move(given) : variable(setting);
  }

  /// A text. Empty: not given.
  [[nodiscard]] std::string text(RedisSetting setting) const {
    const auto given = find(setting);
    return given ? given->text() : std::string{};
  }

 private:
  const RedisArguments& arguments_;
  const Environment& environment_;
};

std::int64_t number_of(const GivenValue& given, const RedisSettingDefinition& definition) {
  const std::string& text = given.text();
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number < definition.min || number > definition.max) {
    refuse_value(given.source, text,
                 "is no number from " + std::to_string(definition.min) + " to " +
                     std::to_string(definition.max));
  }
  return number;
}

bool flag_of(const GivenValue& given) {
  if (given.text() != "true" && given.text() != "false") {
    refuse_value(given.source, given.text(), "is neither true nor false");
  }
  return given.text() == "true";
}

std::vector<RedisAddress> addresses_of(const GivenValue& given, std::uint16_t port,
                                       std::size_t max) {
  if (given.values.size() > max) {
    refuse(std::string{given.source} + ": names more than " + std::to_string(max) +
           " servers; some of them are enough, as they name the others");
  }
  std::vector<RedisAddress> addresses;
  for (const std::string& value : given.values) {
    addresses.push_back(parse_address(given.source, value, port));
  }
  return addresses;
}

/// Turns settings into options.
class SettingsReader {
 public:
  SettingsReader(const RedisArguments& arguments, const Environment& environment)
      : sources_(arguments, environment) {}

  RedisOptions read() {
    read_place();
    read_login();
    read_tls();
    read_sentinels_login();
    read_wait();
    return std::move(options_);
  }

 private:
  using Place = std::pair<RedisSetting, GivenValue>;

  /// The only place among those of equal rank (options, or variables). Two would be two servers.
  static std::optional<Place> only_place(const std::vector<Place>& places) {
    if (places.size() > 1) {
      refuse(both(places[0].second, places[1].second) +
             " both say where Redis is: give one of them");
    }
    return places.empty() ? std::nullopt : std::optional{places.front()};
  }

  [[nodiscard]] std::vector<Place> places_of_options() const {
    std::vector<Place> places;
    for (const auto setting :
         {RedisSetting::server, RedisSetting::sentinels, RedisSetting::cluster_nodes}) {
      if (auto given = sources_.argument(setting)) {
        places.emplace_back(setting, *std::move(given));
      }
    }
    return places;
  }

  /// A URL and a host with the same address count as one: some platforms set both.
  [[nodiscard]] std::vector<Place> places_of_variables() const {
    std::vector<Place> places;
    for (const auto setting : {RedisSetting::url, RedisSetting::host, RedisSetting::sentinels,
                               RedisSetting::cluster_nodes}) {
      if (auto given = sources_.variable(setting)) {
        places.emplace_back(setting, *std::move(given));
      }
    }
    if (places.size() > 1 && places[0].first == RedisSetting::url &&
        places[1].first == RedisSetting::host) {
      const GivenValue& url = places[0].second;
      if (parse_redis_url(url.source, url.text()).address == address_by_host()) {
        places.erase(places.begin() + 1);
      }
    }
    return places;
  }

  [[nodiscard]] RedisAddress address_by_host() const {
    RedisAddress address;
    if (const auto host = sources_.variable(RedisSetting::host)) {
      address.host = parse_host_variable(host->source, host->text());
    }
    if (const auto port = sources_.variable(RedisSetting::port)) {
      address.port = parse_port_variable(port->source, port->text());
    }
    return address;
  }

  void read_place() {
    auto place = only_place(places_of_options());
    if (!place) {
      place = only_place(places_of_variables());
    }
    if (!place) {
      set_server(address_by_host());
      return;
    }
    const auto& [setting, given] = *place;
    if (setting == RedisSetting::sentinels) {
      options_.sentinels = addresses_of(given, sentinel_port, sentinels_max);
      return;
    }
    if (setting == RedisSetting::cluster_nodes) {
      options_.cluster_nodes = addresses_of(given, redis_port, cluster_nodes_max);
      return;
    }
    if (setting == RedisSetting::host) {
      set_server(address_by_host());
    } else if (setting == RedisSetting::url) {
      set_url(given);
    } else if (given.text().find("://") != std::string::npos) {
      set_url(given);
      if (url_->username || url_->password) {
        refuse(std::string{given.source} +
               ": takes no user and no password, which everybody on this machine would see: give "
               "them in the environment, as REDIS_USERNAME and REDIS_PASSWORD or with the whole "
               "URL in REDIS_URL");
      }
    } else {
      set_server(parse_address(given.source, given.text(), redis_port));
    }
  }

  void set_server(RedisAddress address) {
    options_.host = std::move(address.host);
    options_.port = address.port;
  }

  void set_url(const GivenValue& given) {
    url_ = parse_redis_url(given.source, given.text());
    url_source_ = given;
    set_server(url_->address);
  }

  /// The URL's value, or the setting's. Both may be given if they are equal.
  std::string agreed(const std::optional<std::string>& by_url, RedisSetting setting,
                     std::string_view what) {
    const auto given = sources_.find(setting);
    if (!by_url) {
      return given ? given->text() : std::string{};
    }
    if (given && given->text() != *by_url) {
      refuse(both(*url_source_, *given)
                 .append(" name two ")
                 .append(what)
                 .append(": give one of them"));
    }
    return *by_url;
  }

  void read_login() {
    const auto by_url = [this](auto member) {
      return url_ ? (*url_).*member : std::optional<std::string>{};
    };
    options_.username = agreed(by_url(&RedisUrl::username), RedisSetting::username, "users");
    options_.password = agreed(by_url(&RedisUrl::password), RedisSetting::password, "passwords");
  }

  [[nodiscard]] bool wants_tls() const {
    const auto given = sources_.find(RedisSetting::tls);
    if (!url_) {
      return given && flag_of(*given);
    }
    if (given && flag_of(*given) != url_->is_secure) {
      refuse(both(*url_source_, *given) +
             " contradict each other: rediss:// is Redis over TLS, redis:// is in the clear");
    }
    return url_->is_secure;
  }

  void read_tls() {
    if (wants_tls()) {
      options_.tls.emplace();
      options_.tls->ca_file = sources_.text(RedisSetting::ca_file);
      options_.tls->certificate_file = sources_.text(RedisSetting::certificate_file);
      options_.tls->key_file = sources_.text(RedisSetting::key_file);
      read_server_name();
      need_both(RedisSetting::certificate_file, RedisSetting::key_file);
      need_both(RedisSetting::key_file, RedisSetting::certificate_file);
      return;
    }
    for (const auto setting : {RedisSetting::ca_file, RedisSetting::certificate_file,
                               RedisSetting::key_file, RedisSetting::server_name}) {
      if (const auto given = sources_.find(setting)) {
        refuse(std::string{given->source} +
               " is for TLS, and nothing asks for TLS: write rediss:// before the host, or set "
               "REDIS_TLS=true");
      }
    }
  }

  void read_server_name() {
    const auto given = sources_.find(RedisSetting::server_name);
    if (given) {
      if (!is_host(given->text())) {
        refuse_value(given->source, given->text(), "is no name or address of a host");
      }
      options_.tls->server_name = given->text();
    }
  }

  void need_both(RedisSetting one, RedisSetting needed) {
    const auto given = sources_.find(one);
    if (given && !sources_.find(needed)) {
      refuse(std::string{given->source} + " needs " + definition_of(needed).variable +
             " as well: a certificate and its key");
    }
  }

  void read_sentinels_login() {
    if (!options_.sentinels.empty()) {
      options_.master_name = sources_.text(RedisSetting::master_name);
      options_.sentinel_username = sources_.text(RedisSetting::sentinel_username);
      options_.sentinel_password = sources_.text(RedisSetting::sentinel_password);
      if (options_.master_name.empty()) {
        refuse(
            "sentinels need REDIS_MASTER_NAME: what they call the primary (\"sentinel monitor "
            "NAME ...\")");
      }
      return;
    }
    // The variable may belong to sentinels that an option has overridden.
    for (const auto setting : {RedisSetting::master_name, RedisSetting::sentinel_username,
                               RedisSetting::sentinel_password}) {
      const auto given = sources_.find(setting);
      if (given && (sources_.argument(setting) || !sources_.variable(RedisSetting::sentinels))) {
        refuse(std::string{given->source} +
               " is of sentinels, and none is named: give REDIS_SENTINELS");
      }
    }
  }

  void read_wait() {
    if (const auto given = sources_.find(RedisSetting::wait_replicas)) {
      options_.wait_replicas =
          static_cast<std::size_t>(number_of(*given, definition_of(RedisSetting::wait_replicas)));
    }
    if (const auto given = sources_.find(RedisSetting::wait_timeout)) {
      options_.wait_timeout =
          Duration{number_of(*given, definition_of(RedisSetting::wait_timeout))};
    }
  }

  const SettingSources sources_;
  RedisOptions options_;
  std::optional<RedisUrl> url_;
  std::optional<GivenValue> url_source_;
};

constexpr bool is_in_order() {
  std::size_t index = 0;
  for (const RedisSettingDefinition& definition : redis_settings) {
    if (static_cast<std::size_t>(definition.setting) != index++) {
      return false;
    }
  }
  return true;
}
static_assert(is_in_order());

}  // namespace

bool names_redis(const RedisArguments& arguments, const Environment& environment) {
  const SettingSources sources(arguments, environment);
  constexpr std::array places{RedisSetting::server, RedisSetting::url, RedisSetting::host,
                              RedisSetting::sentinels, RedisSetting::cluster_nodes};
  return std::any_of(places.begin(), places.end(), [&sources](RedisSetting setting) {
    return sources.find(setting).has_value();
  });
}

RedisOptions read_redis_settings(const RedisArguments& arguments, const Environment& environment) {
  return SettingsReader(arguments, environment).read();
}

}  // namespace regstream::broker
