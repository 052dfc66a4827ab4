#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <regstream/connection/backoff.hpp>
#include <regstream/time.hpp>

#include "access/key_reader.hpp"
#include "access/key_set.hpp"

namespace regstream::access {

struct KeyKeeperOptions {
  /// A set is fetched again after so long, or sooner if its server says so (`Cache-Control:
  /// max-age`). How late a withdrawn key is noticed at most.
  Duration refetch_max{300'000};
  /// An unknown `kid` has a set fetched no sooner after the last time: anybody can make one up.
  Duration refetch_min{30'000};
  /// A fetch that takes longer has failed.
  Duration fetch_timeout{20'000};
  /// Between fetches that fail, beside a second.
  BackoffOptions retry{Duration{1'000}, Duration{30'000}};
  std::uint64_t seed = 0;
};

/// What a URL answered.
struct FetchedKeys {
  std::string text;
  std::optional<Duration> max_age = {};
};
struct FetchError {
  std::string what;  ///< A sentence without its full stop, which names the host.
};
using FetchResult = std::variant<FetchedKeys, FetchError>;

/// Fetch the set of this source, and call `on_fetched` with this attempt.
struct FetchKeySet {
  std::size_t source;
  std::uint64_t attempt;
};
/// End the streams that these keys' tokens have opened.
struct KeysWithdrawn {
  std::vector<std::uint64_t> numbers;
};
/// Judge again the tokens that wait.
struct KeysSettled {};
/// For the log.
struct KeyNews {
  bool is_warning;
  std::string what;
};
using KeyAction = std::variant<FetchKeySet, KeysWithdrawn, KeysSettled, KeyNews>;

/// How the fetches of all URLs go.
struct KeyFetches {
  std::uint64_t failed = 0;  ///< Ever.
  std::size_t failing = 0;   ///< URLs whose last fetch has failed.
  /// When the set that is the oldest now was fetched. Nothing: a URL's never was, or there is none.
  std::optional<Instant> oldest = {};
};

/// Holds the keys of files and of URLs, and decides when a URL is asked again. Sans-I/O.
///
/// A fetch that fails, or brings what is no set of keys, changes nothing: the last good keys stay.
class KeyKeeper {
 public:
  /// `urls` are as people may read them; sources are counted in this order.
  KeyKeeper(std::vector<std::string> urls, const KeyKeeperOptions& options);

  /// What the files hold now: these keys count from here on, or, if one of the files is bad, those
  /// that did before. Returns what is bad.
  [[nodiscard]] std::vector<std::string> use_files(const std::vector<KeysResult>& files);
  /// Asks every URL again now.
  void refetch(Instant now);
  /// An outdated attempt is ignored.
  void on_fetched(const FetchKeySet& fetch, const FetchResult& result, Instant now);

  enum class Outlook : std::uint8_t {
    wait,         ///< The keys are being fetched; `KeysSettled` follows.
    absent,       ///< They are known: there is no such key.
    unavailable,  ///< They could not be fetched lately.
  };
  /// A token is of no key here.
  [[nodiscard]] Outlook on_unknown_key(Instant now);
  /// The same after `KeysSettled`: nothing is waited for twice.
  [[nodiscard]] Outlook outlook() const;

  [[nodiscard]] std::optional<KeyAction> poll(Instant now);
  /// When to `poll` again.
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  [[nodiscard]] const KeySet& keys() const { return keys_; }
  [[nodiscard]] KeyFetches fetches() const;

 private:
  struct Source {
    std::string url;
    Backoff backoff;
    Instant due = Instant::min();         // The next fetch, or the end of this one.
    std::optional<Instant> began = {};    // The last fetch.
    std::optional<Instant> fetched = {};  // The keys below.
    std::uint64_t attempt = 0;            // Of the last fetch.
    bool is_wanted = false;               // Due for an unknown key, and not begun.
    bool is_fetching = false;
    bool is_failing = false;
    std::vector<TokenKey> keys = {};      // The last good ones.
    std::vector<std::string> notes = {};  // Said of them.
  };

  void accept(Source& source, KeysRead&& read, std::optional<Duration> max_age, Instant now);
  void fail(Source& source, const std::string& what, Instant now);
  void settle();
  void renew_keys();
  void say_notes(const std::vector<std::string>& notes);

  KeyKeeperOptions options_;
  std::vector<Source> sources_;
  std::vector<TokenKey> file_keys_;
  KeySet keys_;
  std::uint64_t failed_fetches_ = 0;
  bool has_waiting_ = false;  // For the fetches that are wanted or under way.
  std::deque<KeyAction> actions_;
};

}  // namespace regstream::access
