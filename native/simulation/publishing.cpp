#include "simulation/publishing.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <regstream/message/codec.hpp>

#include "simulation/guest_workflow.hpp"

namespace regstream::simulation {
namespace {

/// How long a publisher retries with one key: for less time than Redis keeps the key.
constexpr Duration same_key_max{300'000};

/// The last updates get newer timestamps than all others, even if a calendar is off by an hour.
constexpr std::int64_t settled_after_ms = 86'400'000;

/// A final status, or one that is not declared.
std::string any_end(const Workflow& workflow, Chance& chance) {
  std::vector<std::string> names;
  for (const WorkflowStatus& status : workflow.statuses) {
    if (status.kind != StatusKind::open) {
      names.push_back(status.name);
    }
  }
  names.emplace_back("SOMETHING_ELSE");
  return names[chance.index(names.size())];
}

const std::string& first_of(const Workflow& workflow, StatusKind kind) {
  return std::find_if(workflow.statuses.begin(), workflow.statuses.end(),
                      [kind](const WorkflowStatus& status) { return status.kind == kind; })
      ->name;
}

}  // namespace

Publishing::Publishing(Cast& cast, const World& run, std::uint64_t run_steps)
    : cast_(cast),
      run_(run),
      run_steps_(run_steps),
      workflow_(cast.truth.workflow()),
      times_(cast.seed, "times of publishing"),
      chance_(cast.seed, "what is published"),
      repeats_(cast.seed, "what is published bare again"),
      omissions_(cast.seed, "stage updates without a status of the stage"),
      keys_(cast.seed, "keys of publishes"),
      published_(cast.plan.publishers) {}

void Publishing::begin() {
  cast_.world.after(times_.between({}, cast_.plan.publish_interval_max), [this] {
    const bool is_quiet = cast_.plan.quiet_from_per_mille < 1'000 &&
                          run_.steps() * 1'000 >= run_steps_ * cast_.plan.quiet_from_per_mille;
    if (is_over_ || is_quiet) {
      return;
    }
    const auto registration = chance_.between(std::uint64_t{1}, cast_.plan.registrations);
    if (!chance_.chance(cast_.plan.bare_per_mille)) {
      publish(registration);
    } else if (cast_.redis().is_up()) {
      publish_bare(make_text(registration, cast_.publishers.front()->timestamp_ms()));
    }
    begin();
  });
}

std::string Publishing::make_text(std::uint64_t registration, std::int64_t timestamp_ms) {
  const std::string number = std::to_string(++texts_);
  if (chance_.chance(cast_.plan.malformed_per_mille)) {
    return "{\"" + workflow_.id_member + R"(":0,"status":"no update )" + number + "\"}";
  }
  Update update = update_of(workflow_, static_cast<std::int64_t>(registration));
  update.message = "Number " + number;
  update.timestamp_ms = timestamp_ms;
  if (chance_.chance(250)) {
    update.status = any_end(workflow_, chance_);
    update.details = "{\"number\":" + number + '}';
  } else {
    update.status = workflow_.stage_update_status;
    update.stage = workflow_.stages[chance_.index(workflow_.stages.size())].name;
    update.stage_status = static_cast<StageStatus>(chance_.index(4));
  }
  return without_stage_status(encode_update(update, workflow_));
}

/// Some publishers send no stage status; the workflow decides what that means.
std::string Publishing::without_stage_status(std::string text) {
  const auto begin = text.find(R"(,"stageStatus":")");
  if (workflow_.infer_stage_status || begin == std::string::npos || !omissions_.chance(300)) {
    return text;
  }
  const auto end = text.find('"', begin + std::string_view{R"(,"stageStatus":")"}.size());
  return text.erase(begin, end + 1 - begin);
}

void Publishing::publish(std::uint64_t registration) {
  const std::size_t publisher = chance_.index(cast_.publishers.size());
  if (chance_.chance(cast_.plan.same_key_per_mille)) {
    publish_again(publisher);
    return;
  }
  publish_new(publisher, make_text(registration, cast_.publishers[publisher]->timestamp_ms()));
}

/// Publishes the text, perhaps several times, and perhaps the previous one again.
void Publishing::publish_bare(const std::string& text) {
  cast_.redis().publish_bare(text);
  while (repeats_.chance(cast_.plan.same_bare_per_mille)) {
    const std::string& same = last_bare_.empty() || repeats_.chance(500) ? text : last_bare_;
    cast_.world.count(Situation::bare_repeated);
    cast_.truth.expect_again(same);
    cast_.redis().publish_bare(same);
  }
  last_bare_ = text;
}

void Publishing::publish_new(std::size_t publisher, std::string text) {
  // Without repeated publishes there are no keys: Redis recognises a repeated batch without them.
  const bool has_key = cast_.plan.same_key_per_mille > 0 && keys_.chance(700);
  const std::string key = has_key ? "key " + std::to_string(texts_) : std::string{};
  cast_.truth.expect(text, cast_.senders[publisher], texts_);
  published_[publisher] = {.publication = {.text = text, .key = key},
                           .sender = cast_.senders[publisher],
                           .time = cast_.world.now()};
  cast_.publishers[publisher]->publish({.text = std::move(text), .key = key});
}

/// A publisher publishes the last message of a publisher again: its own, or another's.
void Publishing::publish_again(std::size_t publisher) {
  const std::size_t first = chance_.index(cast_.publishers.size());
  const Published& last = published_[first];
  if (last.publication.key.empty() || cast_.world.now() - last.time > same_key_max) {
    return;
  }
  if (last.sender != cast_.senders[publisher]) {
    cast_.truth.expect_any_time(last.publication.text);
  }
  cast_.publishers[publisher]->publish(last.publication);
}

void Publishing::publish_new_validation(std::uint64_t registration) {
  const std::size_t publisher = chance_.index(cast_.publishers.size());
  Update update = update_of(workflow_, static_cast<std::int64_t>(registration));
  update.timestamp_ms = cast_.publishers[publisher]->timestamp_ms() + settled_after_ms * ++settled_;
  const std::string& stage_status = workflow_.stage_update_status;
  for (const std::string& status : {first_of(workflow_, StatusKind::failed), stage_status,
                                    first_of(workflow_, StatusKind::final)}) {
    update.status = status;
    update.stage = status == stage_status ? workflow_.stages.front().name : std::string{};
    update.stage_status = StageStatus::started;
    update.message = "Settled " + std::to_string(++texts_);
    ++update.timestamp_ms;
    publish_new(publisher, encode_update(update, workflow_));
  }
}

}  // namespace regstream::simulation
