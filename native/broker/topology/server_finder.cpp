#include "broker/topology/server_finder.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "broker/topology/address.hpp"

namespace regstream::broker {
namespace {

/// The length of a sentence with each one's answer.
constexpr std::size_t problems_bytes_max = 1'000;

std::string short_reason(const RedisFailure& failure) {
  const bool is_answer = failure.kind == RedisFailureKind::rejected;
  return is_answer ? failure.what : public_reason(failure);
}

}  // namespace

ServerFinder::ServerFinder(FinderOptions options, const RedisTiming& timing, std::uint64_t seed)
    : options_(std::move(options)), link_(timing, seed), backoff_(options_.backoff, seed) {
  if (!may_move()) {
    primary_ = options_.server;
    return;
  }
  learn({});
  left_ = candidates_.size();
}

void ServerFinder::open() {
  if (!candidates_.empty()) {
    link_.open();
  }
}

// --- The asking.

std::optional<SessionAction> ServerFinder::poll(Instant now) {
  if (answer_by_ && now >= *answer_by_) {
    pass_over("no answer within " + std::to_string(options_.answer_timeout.count()) + " ms", now);
  }
  const bool is_trusted = !link_.up_since() || now - *link_.up_since() < options_.trust;
  if (ask_at_ && now >= *ask_at_ && (is_next_wanted_ || !is_trusted)) {
    ask_next();
  }
  if (std::exchange(is_leaving_, false) && link_.on_lost(now)) {
    link_.hasten();
    return GiveUp{LinkRole::finder};
  }
  if (now >= pausing_until_ && link_.poll_connect(now)) {
    answer_by_ = now + options_.answer_timeout;
    return Connect{.link = LinkRole::finder, .address = asked()};
  }
  if (link_.is_up() && ask_at_ && now >= *ask_at_) {
    ask_at_.reset();
    answer_by_ = now + options_.answer_timeout;
    answer_ = {};
    HistoryCommand command = options_.topology == Topology::sentinel ? HistoryCommand{AskSentinel{}}
                                                                     : HistoryCommand{AskSlots{}};
    link_.ask(command);
    return Call{.link = LinkRole::finder, .command = std::move(command)};
  }
  return std::nullopt;
}

std::optional<Instant> ServerFinder::next_deadline() const {
  if (const auto connect_at = link_.next_deadline()) {
    return std::max(*connect_at, pausing_until_);
  }
  return answer_by_ ? answer_by_ : ask_at_;
}

void ServerFinder::on_connected(Instant now) {
  if (link_.on_connected(now)) {
    ask_at_ = now;
  }
}

void ServerFinder::on_lost(const RedisFailure& failure, Instant now) {
  if (link_.on_lost(now)) {
    link_.hasten();
    pass_over(short_reason(failure), now);
    is_leaving_ = false;  // It is already gone.
  }
}

void ServerFinder::on_interrupted(Instant now) noexcept {
  link_.on_lost(now);
  is_leaving_ = false;
  answer_by_.reset();
  ask_at_.reset();
}

void ServerFinder::on_reply(HistoryReply&& reply, Instant now) {
  if (!link_.on_reply() || is_leaving_) {
    return;
  }
  if (const auto* const refused = std::get_if<Refused>(&reply)) {
    pass_over(short_reason(refused->failure), now);
    return;
  }
  auto* const told = std::get_if<ServerLocation>(&reply);
  if (told == nullptr) {
    pass_over(mistyped_failure().what, now);
    return;
  }
  if (told->primary) {
    answer_.primary = std::move(told->primary);
  }
  if (told->config_epoch) {
    answer_.config_epoch = told->config_epoch;
  }
  answer_.others.insert(answer_.others.end(), told->others.begin(), told->others.end());
  if (link_.due() == nullptr) {
    on_location(std::exchange(answer_, {}), now);
  }
}

// --- What is found.

void ServerFinder::on_location(ServerLocation&& location, Instant now) {
  learn(location.others);
  if (!location.primary) {
    pass_over(options_.topology == Topology::sentinel
                  ? "does not know the name '" + options_.primary_name + "'"
                  : "knows no node that has the slot",
              now);
    return;
  }
  if (location.config_epoch.value_or(config_epoch_) < config_epoch_) {
    pass_over("knows an older primary", now);
    return;
  }
  config_epoch_ = location.config_epoch.value_or(config_epoch_);
  answer_by_.reset();
  answered_at_ = now;
  ask_at_ = now + options_.interval;
  if (primary_ == location.primary && is_doubted_) {
    was_answered_ = true;
    end_turn(now);  // The next one may know better.
    return;
  }
  backoff_.reset();
  left_ = candidates_.size();
  was_answered_ = false;
  problems_.clear();
  use(*std::move(location.primary));
}

void ServerFinder::use(RedisAddress address) {
  if (primary_ != address) {
    primary_ = std::move(address);
    has_moved_ = true;
    is_doubted_ = false;
  }
}

void ServerFinder::doubt(Instant now) {
  is_doubted_ = true;
  if (ask_at_) {  // Otherwise one is already being asked.
    is_next_wanted_ = true;
    ask_at_ = std::max(now, answered_at_ + options_.doubt_interval);
  }
}

void ServerFinder::redirect(RedisAddress to, Instant now) {
  if (!may_move()) {
    return;
  }
  if (to.host.empty() && primary_) {
    to.host = primary_->host;
  }
  if (primary_ == to) {
    return;
  }
  // A node knows best which slots it has.
  learn({to});
  const auto found = std::find(candidates_.begin(), candidates_.end(), to);
  if (found != candidates_.end()) {
    index_ = static_cast<std::size_t>(found - candidates_.begin());
    is_leaving_ = true;
    answer_by_.reset();
    ask_at_.reset();
    pausing_until_ = now;
  }
  use(std::move(to));
}

// --- Who is asked.

/// Keeps the candidates of the options, the current one, and those that were named last.
void ServerFinder::learn(const std::vector<RedisAddress>& others) {
  const auto current = candidates_.empty() ? std::nullopt : std::optional{asked()};
  std::vector<RedisAddress> known;
  const auto add = [&known](const RedisAddress& address) {
    if (known.size() < asked_max && std::find(known.begin(), known.end(), address) == known.end()) {
      known.push_back(address);
    }
  };
  std::for_each(options_.asked.begin(), options_.asked.end(), add);
  if (current) {
    add(*current);
  }
  std::for_each(others.begin(), others.end(), add);
  candidates_ = std::move(known);
  index_ = 0;
  if (current) {
    const auto found = std::find(candidates_.begin(), candidates_.end(), *current);
    index_ = static_cast<std::size_t>(found - candidates_.begin()) % candidates_.size();
  }
  left_ = std::min(std::max<std::size_t>(left_, 1), candidates_.size());
}

void ServerFinder::ask_next() {
  is_next_wanted_ = false;
  if (candidates_.size() > 1) {
    index_ = (index_ + 1) % candidates_.size();
    is_leaving_ = true;
    ask_at_.reset();
  }
}

/// It did not help: asks another one next.
void ServerFinder::pass_over(const std::string& why, Instant now) {
  if (problems_.size() < problems_bytes_max) {
    problems_ += (problems_.empty() ? "" : "; ") + to_string(asked()) + ": " + why;
  }
  answer_by_.reset();
  ask_at_.reset();
  is_leaving_ = true;
  is_next_wanted_ = false;
  index_ = (index_ + 1) % candidates_.size();
  end_turn(now);
}

void ServerFinder::end_turn(Instant now) {
  if (--left_ > 0) {
    return;
  }
  if (!was_answered_) {
    failure_ = RedisFailure{RedisFailureKind::unfound, nobody_knows()};
    pausing_until_ = now + backoff_.next_delay(Duration::zero());
  }
  left_ = candidates_.size();
  was_answered_ = false;
  problems_.clear();
  config_epoch_ = 0;
}

std::string ServerFinder::nobody_knows() const {
  const std::string who =
      options_.topology == Topology::sentinel
          ? "no sentinel knows where the primary '" + options_.primary_name + "' is"
          : "no node of the redis cluster knows where the history is";
  return who + " (" + problems_ + ')';
}

}  // namespace regstream::broker
