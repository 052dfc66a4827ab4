#include "broker/script_link.hpp"

#include <algorithm>
#include <utility>

#include "broker/monotonic_clock.hpp"
#include "broker/random_key.hpp"
#include "log/log.hpp"

namespace regstream::broker {
namespace {

/// Redis keeps a key from when it ran the script, which is later than when it was sent; the rest is
/// for what the last sending takes.
Duration resend_max(const RedisOptions& options) {
  const auto lifetime = bounded(options.history).key_lifetime;
  return lifetime - std::min(options.timing.reply_timeout, lifetime / 2);
}

}  // namespace

ScriptLink::ScriptLink(boost::asio::io_context& context, const RedisOptions& options,
                       PublishLimits limits, HistoryFollower& follower, OutageLog& log,
                       Readiness& readiness, Handlers handlers)
    : context_(context),
      options_(options),
      handlers_(std::move(handlers)),
      follower_(follower),
      log_(log),
      readiness_(readiness),
      calls_(options.history),
      line_(limits, resend_max(options), options.timing.backoff, options.seed),
      reading_(options.timing.backoff, options.seed + 1),
      adopting_(options.timing.backoff, options.seed + 2),
      retry_(context),
      own_key_(random_key()),
      server_(redis_address(options)),
      deployments_(options.deployment, redis_address(options)) {}

// A handler may destroy this object; those of the connection hold it until they return.
void ScriptLink::start() {
  const auto weak = weak_from_this();
  link_ = std::make_shared<RedisLink>(
      context_, options_, options_.seed,
      RedisLink::Handlers{
          .on_up =
              [weak] {
                const auto self = weak.lock();
                self->ask_durability();  // First: the script is told the answer.
                self->call(Answer::digest, self->calls_.load());
                self->server_.on_connected();
                self->ask_server();
                self->deployments_.on_connected();
                self->ask_deployments();
              },
          .on_reply = [weak](const redisReply& reply) { weak.lock()->on_answer(reply); },
          .on_message = [](std::string_view /*message*/) {},
          .on_down = [weak](const RedisFailure& failure) { weak.lock()->on_down(failure); }});
  link_->start();
}

void ScriptLink::stop() {
  is_stopped_ = true;
  const auto& queue = line_.queue();
  if (const std::size_t count = queue.waiting() + queue.in_flight(); count > 0) {
    logging::warn("stopped too early",
                  "stopped before redis acknowledged all updates ({}): they may be lost", count);
  }
}

void ScriptLink::begin_probing() {
  probes_ = true;
}

void ScriptLink::publish(std::string message, std::string key, PublishHandler done,
                         Patience patience) {
  if (key.empty()) {
    key = own_key_ + '-' + std::to_string(++own_keys_);
  }
  if (auto error = line_.push(std::move(message), std::move(key), done, patience)) {
    // Whoever does not wait is told, and has an answer to give.
    if (patience == Patience::waits) {
      OutageLog::refused(error->what);
    }
    if (done) {
      done(std::move(*error));
    }
    return;
  }
  send_publishes();
  end_publishes();
}

void ScriptLink::tell_loss() {
  adopting_.on_called();
  call(Answer::loss, calls_.lose(follower_.known()));
}

void ScriptLink::on_answer(const redisReply& reply) {
  const Call call = due_.front();
  const Answer answer = call.answer;
  due_.pop_front();
  measure(call);
  if (answer == Answer::server) {
    server_.on_answer(reply);
    proceed();
  } else if (answer == Answer::deployments) {
    deployments_.on_answer(reply);
    proceed();
  } else if (answer == Answer::durability) {
    on_durability(reply);
    proceed();
  } else if (is_script_unknown(reply)) {
    // Somebody flushed Redis. Whatever was called then is called again, in order.
    link_->give_up(flushed_failure(options_));
  } else if (reply.type == REDIS_REPLY_ERROR) {
    on_error(answer, reply);
  } else {
    on_result(answer, reply);
  }
}

/// An operator may change it at any time; what is kept in Redis has to follow soon. Whoever may not
/// ask does not go on asking, since Redis keeps a log of that.
void ScriptLink::on_durability(const redisReply& reply) {
  const bool is_durable = read_durability(reply);
  const bool is_new = is_durable_ != is_durable;
  is_durable_ = is_durable;
  calls_.use_durability(is_durable);
  ask_durability_at_.reset();
  if (reply.type != REDIS_REPLY_ERROR) {
    ask_durability_at_ = monotonic_now() + Readiness::probe_interval;
  }
  // Only a gateway reads; what is kept follows a publisher's next call.
  if (is_new && probes_ && line_.is_up()) {
    follower_.catch_up();
    handlers_.on_retry();
  }
}

void ScriptLink::on_error(Answer answer, const redisReply& reply) {
  if (is_out_of_order(reply)) {
    line_.on_out_of_order();
    proceed();
    return;
  }
  const auto failure = reply_failure(options_, reply_text(reply));
  if (answer == Answer::digest) {
    link_->give_up(failure);
  } else if (answer == Answer::id && failure.passing == nullptr) {
    OutageLog::refused(failure.what);
    readiness_.on_publish_doubted();
    line_.on_refused({failure.what});
    proceed();
  } else {
    on_refused(answer, failure);
  }
}

/// The connection stays, unless there may be a better one.
void ScriptLink::on_refused(Answer answer, const RedisFailure& failure) {
  const auto now = monotonic_now();
  log_.refusing(failure, now);
  if (answer == Answer::page) {
    readiness_.on_reading_failed(public_reason(failure));
    reading_.on_refused(now);
    handlers_.on_read_refused();
  } else {
    readiness_.on_publishing_failed(public_reason(failure), now);
    if (answer == Answer::id) {
      line_.on_refused_in_passing(now);
    } else if (answer == Answer::probe) {
      line_.on_probe_refused(now);
    } else {
      adopting_.on_refused(now);
      if (failure.passing != nullptr) {
        line_.on_write_refused(now);
      }
      if (answer == Answer::loss) {
        handlers_.on_loss_refused();
      } else {
        handlers_.on_adoption_refused();
      }
    }
  }
  if (failure.passing != nullptr && failure.passing->needs_new_connection) {
    was_replica_ = true;
    leaving_ = failure;
  }
  proceed();
}

void ScriptLink::on_result(Answer answer, const redisReply& reply) {
  switch (answer) {
    case Answer::server:  // Errors are answers, too: `on_answer`.
    case Answer::deployments:
      return;
    case Answer::digest:
      on_digest(reply);
      return;
    case Answer::page:
      on_page(reply);
      return;
    case Answer::id:
      on_published(reply);
      return;
    case Answer::probe:
      on_write_taken(line_.on_probe_taken());
      return;
    case Answer::adoption:
      adopting_.on_taken();
      handlers_.on_adopted(read_id(reply));
      on_write_taken(false);
      return;
    case Answer::loss:
      adopting_.on_taken();
      handlers_.on_loss_told(read_id(reply).value_or(EventId{}));
      on_write_taken(false);
      return;
    case Answer::durability:
      return;  // It is no call of the script.
  }
}

void ScriptLink::on_digest(const redisReply& reply) {
  calls_.use_digest(std::string{reply_text(reply)});
  waited_ = line_.queue().waiting();
  line_.on_up();
  send_publishes();
  handlers_.on_up();
  proceed();
}

void ScriptLink::on_page(const redisReply& reply) {
  auto page = read_page(reply);
  if (!page) {
    link_->give_up(not_redis_failure(options_));
    return;
  }
  if (reading_.on_taken() && !line_.is_refusing()) {
    log_.taking(line_.queue().waiting(), monotonic_now());
  }
  handlers_.on_page(std::move(*page));
  proceed();
}

void ScriptLink::on_published(const redisReply& reply) {
  const auto id = read_id(reply);
  if (!id) {
    line_.on_refused({not_redis_failure(options_).what});
    proceed();
    return;
  }
  follower_.learn(*id);
  on_write_taken(line_.on_taken(*id));
}

/// `is_over`: writes were refused before.
void ScriptLink::on_write_taken(bool is_over) {
  readiness_.on_published(monotonic_now());
  log_.say_ends();
  if (is_over && !reading_.is_refusing()) {
    log_.taking(line_.queue().waiting(), monotonic_now());
  }
  send_publishes();
  if (std::exchange(was_replica_, false)) {
    server_.on_promoted();
    ask_server();  // Before the history is read again.
    handlers_.on_primary_found();
  }
  if (is_over) {
    handlers_.on_retry();
  }
  proceed();
}

void ScriptLink::on_down(const RedisFailure& failure) {
  // A replica's refusal was said already, and each try would say it again.
  if (!was_replica_ || failure.passing == nullptr) {
    log_.failed(failure, monotonic_now());
  }
  const auto now = monotonic_now();
  readiness_.on_reading_failed(public_reason(failure));
  readiness_.on_publishing_failed(public_reason(failure), now);
  due_.clear();
  leaving_.reset();
  line_.on_down(now);
  reading_.on_lost();
  adopting_.on_lost();
  handlers_.on_down();
  proceed();
}

void ScriptLink::proceed() {
  if (leaving_ && due_.empty()) {
    // By a copy: it is forgotten meanwhile.
    link_->give_up(RedisFailure{*leaving_});
    return;
  }
  if (line_.is_up()) {
    if (!leaving_ && ask_durability_at_ && monotonic_now() >= *ask_durability_at_) {
      ask_durability();
    }
    send_publishes();
    probe_if_due();
    ask_server();
    ask_deployments();
  }
  arm_retry();
  end_publishes();
}

/// Last of all: a handler may destroy the broker.
void ScriptLink::end_publishes() {
  std::size_t unknown = 0;
  while (auto ended = line_.poll_ended()) {
    unknown += ended->is_unknown ? 1U : 0U;
    if (ended->done && !is_stopped_) {
      ended->done(ended->result);
    }
  }
  if (unknown > 0 && !is_stopped_) {
    log_.unknown(unknown);
  }
}

/// For what waits until Redis may be asked again, and for the next probe.
void ScriptLink::arm_retry() {
  std::optional<Instant> deadline;
  const auto consider = [this, &deadline](std::optional<Instant> candidate) {
    // Nobody wanted what could be had by the last retry.
    if (candidate && *candidate > retried_ && (!deadline || *candidate < *deadline)) {
      deadline = candidate;
    }
  };
  if (line_.is_up()) {
    consider(line_.next_deadline());
    consider(reading_.next_deadline());
    consider(adopting_.next_deadline());
    if (probes_ && !line_.is_refusing()) {
      consider(readiness_.next_probe());
    }
    if (probes_) {
      consider(deployments_.next_deadline());
    }
  }
  if (deadline == armed_) {
    return;
  }
  armed_ = deadline;
  if (!deadline) {
    retry_.cancel();
    return;
  }
  retry_.expires_after(std::max(Duration::zero(), *deadline - monotonic_now()));
  retry_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (self && !error) {
      self->on_retry();
    }
  });
}

void ScriptLink::on_retry() {
  armed_.reset();
  retried_ = monotonic_now();
  if (line_.is_up()) {
    handlers_.on_retry();
  }
  proceed();
}

}  // namespace regstream::broker
