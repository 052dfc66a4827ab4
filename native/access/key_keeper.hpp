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
  /// A key set is fetched again after this time, or sooner if its server says so (`Cache-Control:
  /// max-age`). A withdrawn key is noticed at the latest then.
  Duration refetch_max{300'000};
  /// An unknown `kid` triggers another fetch only after this time: anyone can make up a `kid`.
  Duration refetch_min{30'000};
  /// A fetch that takes longer has failed.
  Duration fetch_timeout{20'000};
  /// The backoff between failed fetches, in addition to one second.
  BackoffOptions retry{Duration{1'000}, Duration{30'000}};
  std::uint64_t seed = 0;
};

/// The answer of a URL.
struct FetchedKeys {
  std::string text;
  std::optional<Duration> max_age = {};
};
struct FetchError {
  std::string what;  ///< A sentence without its full stop. It names the host.
};
using FetchResult = std::variant<FetchedKeys, FetchError>;

/// Fetch this source's key set, and call `on_fetched` with this attempt.
struct FetchKeySet {
  std::size_t source;
  std::uint64_t attempt;
};
/// End the streams that tokens of these keys opened.
struct KeysWithdrawn {
  std::vector<std::uint64_t> numbers;
};
/// Judge the waiting tokens again.
struct KeysSettled {};
/// For the log.
struct KeyNews {
  bool is_warning;
  std::string what;
};
using KeyAction = std::variant<FetchKeySet, KeysWithdrawn, KeysSettled, KeyNews>;

/// The state of fetching, for all URLs.
struct KeyFetches {
  std::uint64_t failed = 0;  ///< Since the start.
  std::size_t failing = 0;   ///< URLs whose last fetch failed.
  /// When the oldest current key set was fetched. Empty: some URL's never was, or there are no
  /// URLs.
  std::optional<Instant> oldest = {};
};

/// Holds the keys of files and URLs, and decides when to fetch from a URL again. Sans-I/O.
///
/// A fetch that fails, or returns no key set, changes nothing: the last good keys stay.
class KeyKeeper {
 public:
  /// `urls` are printable. Sources are numbered in this order.
  KeyKeeper(std::vector<std::string> urls, const KeyKeeperOptions& options);

  /// Replaces the keys of files. If one file is bad, all previous keys of files stay. Returns what
  /// is bad.
  [[nodiscard]] std::vector<std::string> use_files(const std::vector<KeysResult>& files);
  /// Fetches from every URL again, now.
  void refetch(Instant now);
  /// The result of a fetch. An outdated attempt is ignored.
  void on_fetched(const FetchKeySet& fetch, const FetchResult& result, Instant now);

  enum class Outlook : std::uint8_t {
    wait,         ///< Keys are being fetched; `KeysSettled` follows.
    absent,       ///< All keys are known, and there is no such key.
    unavailable,  ///< The last fetch failed.
  };
  /// A token's key is unknown.
  [[nodiscard]] Outlook on_unknown_key(Instant now);
  /// The same after `KeysSettled`: a token waits only once.
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
    Instant due = Instant::min();         // When to fetch next, or when the current fetch times
                                          // out.
    std::optional<Instant> began = {};    // When the last fetch began.
    std::optional<Instant> fetched = {};  // When `keys` were fetched.
    std::uint64_t attempt = 0;            // The number of the last fetch.
    bool is_wanted = false;               // Due because of an unknown key, and not yet begun.
    bool is_fetching = false;
    bool is_failing = false;
    std::vector<TokenKey> keys = {};      // The last good keys.
    std::vector<std::string> notes = {};  // The notes about them that were logged.
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
  bool has_waiting_ = false;  // Requests wait for fetches that are wanted or under way.
  std::deque<KeyAction> actions_;
};

}  // namespace regstream::access
