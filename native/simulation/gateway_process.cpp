#include "simulation/gateway_process.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

namespace regstream::simulation {
namespace {

/// No message of the simulation is longer, however it is wrapped; a snapshot has every stage.
constexpr std::size_t frame_bytes_max = 4'096;

}  // namespace

GatewayProcess::GatewayProcess(World& world, SimulatedRedis& redis, const FaultPlan& plan,
                               std::optional<Canary> canary, std::size_t index)
    : world_(world),
      redis_(redis),
      plan_(plan),
      canary_(canary),
      name_("gateway " + std::to_string(index)),
      clock_(world, choose_drift(world, plan.drift_per_million_max)),
      streams_(world, plan, canary, name_, clock_, [this] {
        follower_->catch_up();
        advance();
      }) {}

void GatewayProcess::start() {
  if (is_running()) {
    return;
  }
  world_.note(name_ + ": starts");
  ++incarnation_;
  streams_.start();
  broker::FollowerLimits limits;
  limits.claims_bytes_max = plan_.claims_bytes_max;
  if (canary_ != Canary::endless_adoption) {
    limits.adoption.waiting_max = plan_.bare_max;
    limits.adoption.bytes_max = plan_.bare_bytes_max;
  }
  limits.adoption.unheard_max = plan_.unheard_max;
  follower_.emplace(limits);
  reading_.emplace(broker::RedisTiming{}.backoff, incarnation_);
  adopting_.emplace(broker::RedisTiming{}.backoff, incarnation_ + 1);
  caller_ = std::make_unique<RedisLink>(world_, redis_, plan_.delay_max, world_.seed(),
                                        RedisLink::Handlers{.on_up =
                                                                [this] {
                                                                  follower_->on_callable();
                                                                  advance();
                                                                },
                                                            .on_down =
                                                                [this] {
                                                                  reading_->on_lost();
                                                                  adopting_->on_lost();
                                                                  follower_->on_not_callable();
                                                                  advance();
                                                                }});
  listener_ = std::make_unique<RedisLink>(
      world_, redis_, plan_.delay_max, world_.seed(),
      RedisLink::Handlers{.on_up =
                              [this] {
                                const auto position = std::make_shared<EventId>();
                                listener_->call<SimulatedRedis::Answer<EventId>>(
                                    [known = follower_->known()](SimulatedRedis& redis) {
                                      return redis.open(known);
                                    },
                                    [this, position](const SimulatedRedis::Answer<EventId>& end) {
                                      if (const auto* const id = std::get_if<EventId>(&end)) {
                                        *position = *id;
                                      } else {
                                        listener_->break_off();
                                      }
                                    });
                                listener_->subscribe(
                                    [this, position] {
                                      follower_->on_subscribed(*position);
                                      advance();
                                    },
                                    [this](const std::string& message) { hear(message); },
                                    plan_.held_max, [this] { cut_off_at_ = redis_.end(); });
                              },
                          .on_down =
                              [this] {
                                follower_->on_unsubscribed();
                                advance();
                              }});
  waiter_ = std::make_unique<RedisLink>(world_, redis_, plan_.delay_max, world_.seed(),
                                        RedisLink::Handlers{.on_up =
                                                                [this] {
                                                                  follower_->on_awaitable();
                                                                  advance();
                                                                },
                                                            .on_down =
                                                                [this] {
                                                                  follower_->on_not_awaitable();
                                                                  advance();
                                                                }});
  caller_->connect();
  listener_->connect();
  waiter_->connect();
}

void GatewayProcess::crash(bool tells) {
  if (!is_running()) {
    return;
  }
  world_.note(name_ + (tells ? ": crashes" : ": loses its power"));
  ++incarnation_;
  streams_.crash(tells);
  bare_heard_.clear();
  cut_off_at_.reset();
  caller_.reset();
  listener_.reset();
  waiter_.reset();
  follower_.reset();
}

void GatewayProcess::hear(const std::string& message) {
  const bool is_bare = message.find(R"("id":)") == std::string::npos;
  if (is_bare) {
    world_.count(Sight::bare_heard);
  }
  if (!is_bare || canary_ != Canary::forget_bare) {
    follower_->on_message(message);
  }
  if (is_bare) {
    bare_heard_.push_back(message);
  }
  advance();
}

void GatewayProcess::advance() {
  const auto next = [this] {
    follower_->permit(reading_->may_call(clock_.now()), adopting_->may_call(clock_.now()));
    return follower_->poll();
  };
  while (auto action = next()) {
    std::visit([this](const auto& wanted) { act(wanted); }, *action);
  }
  listener_->pause(!follower_->may_hear(), [this] {
    follower_->on_channel_drained();
    advance();
  });
  check_limits();
}

void GatewayProcess::act(const broker::BeginHistory& begin) {
  streams_.on_history(begin.position);
}

void GatewayProcess::act(const broker::TellMessage& told) {
  streams_.on_message(told.id, told.message);
}

void GatewayProcess::act(const broker::GoLive& /*live*/) {
  streams_.on_live();
}

void GatewayProcess::act(const broker::CaughtUp& /*caught_up*/) {
  streams_.on_caught_up();
}

void GatewayProcess::act(const broker::ReadHistory& read) {
  reading_->on_called();
  caller_->call<SimulatedRedis::Answer<broker::HistoryPage>>(
      [known = follower_->known(), from = read.from](SimulatedRedis& redis) {
        return redis.read(known, from);
      },
      [this](SimulatedRedis::Answer<broker::HistoryPage> answer) {
        auto* const page = std::get_if<broker::HistoryPage>(&answer);
        if (page == nullptr) {
          follower_->on_read_refused();
          on_refused(*reading_);
          return;
        }
        if (!page->is_last) {
          world_.count(Sight::page_followed);
        }
        reading_->on_taken();
        follower_->on_page(std::move(*page));
        advance();
      });
}

void GatewayProcess::act(const broker::AwaitHistory& await) {
  waiter_->await(await.after, [this](const std::vector<broker::HistoryEntry>& entries) {
    follower_->on_awaited(entries);
    advance();
  });
}

void GatewayProcess::act(const broker::Adopt& adopt) {
  adopting_->on_called();
  caller_->call<SimulatedRedis::Answer<std::optional<EventId>>>(
      [known = follower_->known(), adopt](SimulatedRedis& redis) {
        return redis.adopt(known, adopt);
      },
      [this](const SimulatedRedis::Answer<std::optional<EventId>>& answer) {
        const auto* const end = std::get_if<std::optional<EventId>>(&answer);
        if (end == nullptr) {
          follower_->on_adoption_refused();
          on_refused(*adopting_);
          return;
        }
        adopting_->on_taken();
        follower_->on_adopted(*end);
        advance();
      });
}

void GatewayProcess::act(const broker::LeaveChannel& /*leave*/) {
  world_.note(name_ + ": gives up a channel that is too far behind");
  world_.count(Sight::channel_left);
  listener_->break_off();
}

void GatewayProcess::act(const broker::TellLoss& /*loss*/) {
  if (canary_ == Canary::silent_loss) {
    world_.note(name_ + ": the canary does not tell of a loss");
    follower_->on_loss_told(follower_->known());
    return;
  }
  adopting_->on_called();
  caller_->call<SimulatedRedis::Answer<EventId>>(
      [known = follower_->known()](SimulatedRedis& redis) { return redis.lose(known); },
      [this](const SimulatedRedis::Answer<EventId>& answer) {
        const auto* const end = std::get_if<EventId>(&answer);
        if (end == nullptr) {
          follower_->on_loss_refused();
          on_refused(*adopting_);
          return;
        }
        adopting_->on_taken();
        follower_->on_loss_told(*end);
        advance();
      });
}

/// As broker::ScriptLink does: after a pause it asks again, on the same connection.
void GatewayProcess::on_refused(broker::RefusalGate& gate) {
  gate.on_refused(clock_.now());
  // Empty: another answer is due, after which it may be asked.
  if (const auto deadline = gate.next_deadline()) {
    world_.after(clock_.until(*deadline), [this, incarnation = incarnation_] {
      if (incarnation == incarnation_ && is_running()) {
        advance();
      }
    });
  }
  advance();
}

void GatewayProcess::check_limits() const {
  streams_.check_limits();
  const auto check = [this](std::size_t held, std::size_t most, const char* what) {
    if (held > most) {
      throw Violation(name_ + ": it holds " + std::to_string(held) + ' ' + what);
    }
  };
  const broker::Adoption& adoption = follower_->adoption();
  if (adoption.waiting() >= plan_.bare_max && !adoption.is_full()) {
    throw Violation(name_ + ": it holds " + std::to_string(adoption.waiting()) +
                    " bare messages, and takes more");
  }
  // One message more than fills it may come, and claims that turn out to be bare.
  check(adoption.text_bytes(), plan_.bare_bytes_max + plan_.claims_bytes_max + 2 * frame_bytes_max,
        "bytes of bare messages");
  // While a history is read, all of it.
  if (streams_.hub().is_live()) {
    check(adoption.unheard(), plan_.unheard_max + plan_.page_entries_max + 1,
          "entries ahead of the channel");
  }
  check(follower_->claims_bytes(), plan_.claims_bytes_max + frame_bytes_max, "bytes of claims");
}

void GatewayProcess::break_redis_link(std::size_t index) {
  if (is_running()) {
    world_.note(name_ + ": loses its link to redis");
    const std::array<RedisLink*, redis_links_count> links{caller_.get(), listener_.get(),
                                                          waiter_.get()};
    links.at(index)->break_off();
  }
}

void GatewayProcess::break_redis_links() {
  if (is_running()) {
    caller_->break_off();
    listener_->break_off();
    waiter_->break_off();
  }
}

void GatewayProcess::stall_redis_links(Duration span) {
  if (is_running()) {
    world_.note(name_ + ": hears nothing of redis for " + std::to_string(span.count()) + " ms");
    caller_->stall(span);
    listener_->stall(span);
    waiter_->stall(span);
  }
}

}  // namespace regstream::simulation
