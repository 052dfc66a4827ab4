#include "access/key_keeper.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "log/printable.hpp"

namespace regstream::access {
namespace {

constexpr Duration retry_min{1'000};
constexpr std::size_t news_bytes_max = 1'000;

std::vector<std::uint64_t> numbers_of(const KeySet& keys) {
  std::vector<std::uint64_t> numbers;
  std::transform(keys.members().begin(), keys.members().end(), std::back_inserter(numbers),
                 [](const KeySet::Member& member) { return member.number; });
  return numbers;
}

/// Lists each key's algorithm and name: an operator sees whether there is a secret.
std::string describe(const KeySet& keys) {
  std::string text;
  for (const KeySet::Member& member : keys.members()) {
    text.append(text.empty() ? "" : ", ").append(name_of(member.key.algorithm()));
    if (const auto& key_id = member.key.key_id()) {
      text.append(" ").append(quote_value(*key_id));
    }
  }
  return printable("the keys that verify tokens are " + text, news_bytes_max);
}

}  // namespace

KeyKeeper::KeyKeeper(std::vector<std::string> urls, const KeyKeeperOptions& options)
    : options_(options) {
  for (std::string& url : urls) {
    sources_.push_back(
        {.url = std::move(url), .backoff = Backoff(options.retry, options.seed + sources_.size())});
  }
}

// --- Inputs.

std::vector<std::string> KeyKeeper::use_files(const std::vector<KeysResult>& files) {
  std::vector<std::string> problems;
  std::vector<TokenKey> keys;
  std::vector<std::string> notes;
  for (const KeysResult& file : files) {
    if (const auto* const error = std::get_if<KeyError>(&file)) {
      problems.push_back(error->what);
      continue;
    }
    const auto& read = std::get<KeysRead>(file);
    keys.insert(keys.end(), read.keys.begin(), read.keys.end());
    notes.insert(notes.end(), read.notes.begin(), read.notes.end());
  }
  if (problems.empty()) {
    file_keys_ = std::move(keys);
    say_notes(notes);
    renew_keys();
  }
  return problems;
}

void KeyKeeper::refetch(Instant now) {
  for (Source& source : sources_) {
    if (!source.is_fetching) {
      source.due = now;
    }
  }
}

void KeyKeeper::on_fetched(const FetchKeySet& fetch, const FetchResult& result, Instant now) {
  Source& source = sources_.at(fetch.source);
  if (!source.is_fetching || source.attempt != fetch.attempt) {
    return;
  }
  if (const auto* const error = std::get_if<FetchError>(&result)) {
    fail(source, error->what, now);
    return;
  }
  const auto& fetched = std::get<FetchedKeys>(result);
  auto read = read_jwks(fetched.text, JwksOrigin::url);
  if (const auto* const error = std::get_if<KeyError>(&read)) {
    fail(source, "what " + source.url + " answered can't be used: " + error->what, now);
    return;
  }
  accept(source, std::get<KeysRead>(std::move(read)), fetched.max_age, now);
}

KeyKeeper::Outlook KeyKeeper::on_unknown_key(Instant now) {
  bool is_coming = false;
  for (Source& source : sources_) {
    if (!source.is_fetching && (!source.began || now - *source.began >= options_.refetch_min)) {
      source.due = now;
      source.is_wanted = true;
    }
    is_coming |= source.is_fetching || source.is_wanted;
  }
  has_waiting_ |= is_coming;
  return is_coming ? Outlook::wait : outlook();
}

KeyKeeper::Outlook KeyKeeper::outlook() const {
  return std::any_of(sources_.begin(), sources_.end(),
                     [](const Source& source) { return source.is_failing; })
             ? Outlook::unavailable
             : Outlook::absent;
}

// --- Outputs.

std::optional<KeyAction> KeyKeeper::poll(Instant now) {
  for (std::size_t index = 0; actions_.empty() && index < sources_.size(); ++index) {
    Source& source = sources_[index];
    if (source.due > now) {
      continue;
    }
    if (source.is_fetching) {
      fail(source, source.url + " did not answer in time", now);
      continue;
    }
    source.is_wanted = false;
    source.is_fetching = true;
    source.began = now;
    source.due = now + options_.fetch_timeout;
    return FetchKeySet{.source = index, .attempt = ++source.attempt};
  }
  if (actions_.empty()) {
    return std::nullopt;
  }
  KeyAction action = std::move(actions_.front());
  actions_.pop_front();
  return action;
}

std::optional<Instant> KeyKeeper::next_deadline() const {
  std::optional<Instant> next;
  for (const Source& source : sources_) {
    next = next ? std::min(*next, source.due) : source.due;
  }
  return next;
}

KeyFetches KeyKeeper::fetches() const {
  KeyFetches result{.failed = failed_fetches_};
  result.failing = static_cast<std::size_t>(std::count_if(
      sources_.begin(), sources_.end(), [](const Source& source) { return source.is_failing; }));
  // An empty optional orders before every time, as needed.
  const auto oldest = std::min_element(
      sources_.begin(), sources_.end(),
      [](const Source& one, const Source& other) { return one.fetched < other.fetched; });
  if (oldest != sources_.end()) {
    result.oldest = oldest->fetched;
  }
  return result;
}

// --- What follows from a fetch.

void KeyKeeper::accept(Source& source, KeysRead&& read, std::optional<Duration> max_age,
                       Instant now) {
  source.is_fetching = false;
  source.fetched = now;
  source.backoff.reset();
  const Duration pause = std::max(
      std::min(max_age.value_or(options_.refetch_max), options_.refetch_max), options_.refetch_min);
  source.due = now + pause;
  if (std::exchange(source.is_failing, false)) {
    actions_.push_back(KeyNews{false, "the keys of " + source.url + " are fetched again"});
  }
  for (std::string& note : read.notes) {
    note.insert(0, "the keys of " + source.url + ": ");
  }
  if (read.notes != source.notes) {
    say_notes(read.notes);
    source.notes = std::move(read.notes);
  }
  source.keys = std::move(read.keys);
  renew_keys();
  settle();
}

void KeyKeeper::fail(Source& source, const std::string& what, Instant now) {
  source.is_fetching = false;
  ++failed_fetches_;
  source.due = now + source.backoff.next_delay(retry_min);
  if (!std::exchange(source.is_failing, true)) {
    actions_.push_back(
        KeyNews{true, "the keys that verify tokens can't be fetched: " + what +
                          (source.keys.empty() ? "; until they are, tokens of their issuer get 503"
                                               : "; those that were fetched last stay")});
  }
  settle();
}

/// Waiting requests are judged once no fetch is left that could help them.
void KeyKeeper::settle() {
  const bool is_coming = std::any_of(sources_.begin(), sources_.end(), [](const Source& source) {
    return source.is_fetching || source.is_wanted;
  });
  if (has_waiting_ && !is_coming) {
    has_waiting_ = false;
    actions_.push_back(KeysSettled{});
  }
}

void KeyKeeper::renew_keys() {
  std::vector<TokenKey> all = file_keys_;
  for (const Source& source : sources_) {
    all.insert(all.end(), source.keys.begin(), source.keys.end());
  }
  const std::vector<std::uint64_t> before = numbers_of(keys_);
  auto withdrawn = keys_.replace(all);
  if (numbers_of(keys_) != before) {
    actions_.push_back(KeyNews{false, describe(keys_)});
  }
  if (!withdrawn.empty()) {
    actions_.push_back(KeyNews{
        false, std::to_string(withdrawn.size()) +
                   (withdrawn.size() == 1 ? " key for tokens was withdrawn; its streams end"
                                          : " keys for tokens were withdrawn; their streams end")});
    actions_.push_back(KeysWithdrawn{std::move(withdrawn)});
  }
}

void KeyKeeper::say_notes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) {
    actions_.push_back(KeyNews{true, note});
  }
}

}  // namespace regstream::access
