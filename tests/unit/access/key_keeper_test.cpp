#include "access/key_keeper.hpp"

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "signer.hpp"

namespace regstream::access {
namespace {

using Catch::Contains;
using nlohmann::json;
using Outlook = KeyKeeper::Outlook;
using test::ec_signer, test::jwks, test::rsa_signer;

std::string set_of(std::initializer_list<const char*> key_ids) {
  json keys = json::array();
  for (const char* const key_id : key_ids) {
    keys.push_back(ec_signer().jwk({{"kid", key_id}}));
  }
  return json{{"keys", keys}}.dump();
}

/// A keeper with its own clock and its actions.
class Keeper {
 public:
  explicit Keeper(std::size_t urls = 1) : machine_(std::vector<std::string>(urls, "the URL"), {}) {
    run();
  }

  KeyKeeper& operator*() { return machine_; }
  KeyKeeper* operator->() { return &machine_; }

  void run() {
    while (auto action = machine_.poll(now)) {
      if (const auto* const fetch = std::get_if<FetchKeySet>(&*action)) {
        fetches.push_back(*fetch);
      } else if (const auto* const gone = std::get_if<KeysWithdrawn>(&*action)) {
        withdrawn.insert(withdrawn.end(), gone->numbers.begin(), gone->numbers.end());
      } else if (const auto* const word = std::get_if<KeyNews>(&*action)) {
        news.push_back(word->what);
      } else {
        ++settled;
      }
    }
  }
  void wait(Duration time) {
    now += time;
    run();
  }
  /// Answers the last fetch.
  void answer(FetchResult result) {
    machine_.on_fetched(fetches.back(), result, now);
    run();
  }
  void answer(std::string text, std::optional<Duration> max_age = {}) {
    answer(FetchedKeys{.text = std::move(text), .max_age = max_age});
  }
  Outlook unknown() {
    const Outlook outlook = machine_.on_unknown_key(now);
    run();
    return outlook;
  }
  std::uint64_t number(const std::string& key_id) {
    for (const auto& member : machine_.keys().members()) {
      if (member.key.key_id() == key_id) {
        return member.number;
      }
    }
    return 0;
  }

  Instant now{Duration{1'000'000}};
  std::vector<FetchKeySet> fetches;
  std::vector<std::uint64_t> withdrawn;
  std::vector<std::string> news;
  int settled = 0;

 private:
  KeyKeeper machine_;
};

constexpr Duration second{1'000};

TEST_CASE("a set is fetched at once and every five minutes", "[access]") {
  Keeper keeper;
  REQUIRE(keeper.fetches.size() == 1);
  keeper.answer(set_of({"a"}));
  CHECK(keeper.number("a") != 0);
  keeper.wait(299 * second);
  CHECK(keeper.fetches.size() == 1);
  CHECK(keeper->next_deadline() == keeper.now + second);
  keeper.wait(second);
  CHECK(keeper.fetches.size() == 2);
  REQUIRE(keeper.news.size() == 1);
  CHECK(keeper.news.front() == "the keys that verify tokens are ES256 \"a\"");
}

TEST_CASE("the server of a key set may ask for an earlier fetch within bounds", "[access]") {
  const auto pause = [](Duration max_age) {
    Keeper keeper;
    keeper.answer(set_of({"a"}), max_age);
    return *keeper->next_deadline() - keeper.now;
  };
  CHECK(pause(60 * second) == 60 * second);
  CHECK(pause(Duration{0}) == 30 * second);
  CHECK(pause(86'400 * second) == 300 * second);
}

TEST_CASE("an unknown key triggers a fetch at most once in thirty seconds", "[access]") {
  Keeper keeper;
  keeper.answer(set_of({"a"}));
  CHECK(keeper.unknown() == Outlook::absent);
  keeper.wait(29 * second);
  CHECK(keeper.unknown() == Outlook::absent);
  CHECK(keeper.fetches.size() == 1);
  keeper.wait(second);
  CHECK(keeper.unknown() == Outlook::wait);
  CHECK(keeper.unknown() == Outlook::wait);
  CHECK(keeper.fetches.size() == 2);
  CHECK(keeper.settled == 0);
  keeper.answer(set_of({"a", "b"}));
  CHECK(keeper.settled == 1);
  CHECK(keeper.number("b") != 0);
  CHECK(keeper.withdrawn.empty());
  CHECK(keeper.unknown() == Outlook::absent);
  CHECK(keeper.fetches.size() == 2);
}

TEST_CASE("tokens wait for the first set and are not refused for its absence", "[access]") {
  Keeper keeper;
  CHECK(keeper.unknown() == Outlook::wait);
  keeper.answer(FetchError{"bank refused the connection"});
  CHECK(keeper.settled == 1);
  CHECK(keeper->outlook() == Outlook::unavailable);
  REQUIRE(keeper.news.size() == 1);
  CHECK_THAT(keeper.news.front(), Contains("bank refused the connection") && Contains("503"));
  CHECK(keeper.unknown() == Outlook::unavailable);
  keeper.wait(3 * second);
  REQUIRE(keeper.fetches.size() == 2);
  keeper.answer(set_of({"a"}));
  CHECK(keeper->outlook() == Outlook::absent);
  REQUIRE(keeper.news.size() == 3);
  CHECK_THAT(keeper.news[1], Contains("again"));
  CHECK_THAT(keeper.news[2], Contains("verify tokens are ES256"));
}

TEST_CASE("a failed fetch keeps the last good set and is reported once", "[access]") {
  Keeper keeper;
  keeper.answer(set_of({"a"}));
  const auto number = keeper.number("a");
  keeper.wait(300 * second);
  for (const char* const text : {"", "{}", "<html>", R"({"keys":[]})"}) {
    keeper.answer(text);
    CHECK(keeper.number("a") == number);
    keeper.wait(32 * second);
  }
  keeper.answer(test::jwks({test::secret_signer().jwk({{"kid", "s"}})}));
  CHECK(keeper.number("s") == 0);
  CHECK(keeper.news.size() == 2);
  CHECK(keeper.withdrawn.empty());
  CHECK(keeper.unknown() == Outlook::unavailable);
}

TEST_CASE("failed fetches and failing URLs and the oldest set are shown", "[access]") {
  Keeper keeper(2);
  const auto answer = [&keeper](std::size_t fetch, const FetchResult& result) {
    keeper->on_fetched(keeper.fetches[fetch], result, keeper.now);
    keeper.run();
  };
  const Instant first = keeper.now;
  answer(0, FetchedKeys{.text = set_of({"a"})});
  CHECK_FALSE(keeper->fetches().oldest);  // The other key set was never fetched.
  keeper.now += second;
  answer(1, FetchError{"no"});
  CHECK(keeper->fetches().failed == 1);
  CHECK(keeper->fetches().failing == 1);
  CHECK_FALSE(keeper->fetches().oldest);
  keeper.wait(3 * second);
  answer(2, FetchedKeys{.text = set_of({"b"})});
  CHECK(keeper->fetches().failing == 0);
  CHECK(keeper->fetches().oldest == first);
  keeper.wait(300 * second);
  REQUIRE(keeper.fetches.size() == 5);
  const bool is_first = keeper.fetches[3].source == 0;
  answer(is_first ? 3 : 4, FetchedKeys{.text = "none"});
  CHECK(keeper->fetches().failed == 2);
  CHECK(keeper->fetches().oldest == first);  // A failure makes nothing younger.
  CHECK_FALSE(KeyKeeper({}, {}).fetches().oldest);
}

TEST_CASE("retries of a failing fetch are a few seconds apart and half a minute at most",
          "[access]") {
  Keeper keeper;
  for (int attempt = 0; attempt < 20; ++attempt) {
    keeper.answer(FetchError{"no"});
    const Duration pause = *keeper->next_deadline() - keeper.now;
    CHECK(pause >= second);
    CHECK(pause <= 31 * second);
    keeper.wait(pause);
    CHECK(keeper.fetches.size() == static_cast<std::size_t>(attempt) + 2);
  }
}

TEST_CASE("a fetch without an end times out and its late answer is ignored", "[access]") {
  Keeper keeper;
  CHECK(keeper.unknown() == Outlook::wait);
  keeper.wait(20 * second);
  CHECK(keeper.settled == 1);
  CHECK_THAT(keeper.news.front(), Contains("in time"));
  keeper.answer(set_of({"late"}));
  CHECK(keeper.number("late") == 0);
  keeper.wait(3 * second);
  REQUIRE(keeper.fetches.size() == 2);
  const FetchKeySet first = keeper.fetches.front();
  keeper->on_fetched(first, FetchedKeys{.text = set_of({"late"})}, keeper.now);
  CHECK(keeper.number("late") == 0);
  keeper.answer(set_of({"a"}));
  CHECK(keeper.number("a") != 0);
}

TEST_CASE("a withdrawn key is reported by its number and others keep theirs", "[access]") {
  Keeper keeper;
  keeper.answer(set_of({"a", "b"}));
  const auto a = keeper.number("a");
  const auto b = keeper.number("b");
  keeper.wait(300 * second);
  keeper.answer(set_of({"b", "c"}));
  CHECK(keeper.withdrawn == std::vector{a});
  CHECK(keeper.number("b") == b);
  CHECK(keeper.number("c") > b);
  CHECK_THAT(keeper.news.back(), Contains("withdrawn"));
}

TEST_CASE("waiting tokens are judged when the last key set has arrived", "[access]") {
  Keeper keeper(2);
  REQUIRE(keeper.fetches.size() == 2);
  CHECK(keeper.unknown() == Outlook::wait);
  keeper->on_fetched(keeper.fetches[0], FetchedKeys{.text = set_of({"a"})}, keeper.now);
  keeper.run();
  CHECK(keeper.settled == 0);
  keeper->on_fetched(keeper.fetches[1], FetchedKeys{.text = set_of({"b"})}, keeper.now);
  keeper.run();
  CHECK(keeper.settled == 1);
  keeper.wait(40 * second);
  // The first answers before the second is even asked.
  CHECK(keeper->on_unknown_key(keeper.now) == Outlook::wait);
  const auto next = keeper->poll(keeper.now);
  keeper->on_fetched(std::get<FetchKeySet>(*next), FetchedKeys{.text = set_of({"a"})}, keeper.now);
  keeper.run();
  CHECK(keeper.settled == 1);
  keeper.answer(set_of({"b"}));
  CHECK(keeper.settled == 2);
}

TEST_CASE("a bad file keeps the keys that were read before", "[access]") {
  KeyKeeper keeper({}, {});
  const auto pem = read_public_key(rsa_signer().public_pem());
  CHECK(keeper.use_files({pem}).empty());
  const auto number = keeper.keys().members().front().number;
  CHECK(keeper.use_files({pem, KeyError{"the second is bad"}}) ==
        std::vector<std::string>{"the second is bad"});
  CHECK(keeper.keys().members().size() == 1);
  CHECK(keeper.use_files({read_public_key(ec_signer().public_pem()), pem}).empty());
  CHECK(keeper.keys().members().back().number == number);
  const auto news = [&keeper] { return std::get<KeyNews>(keeper.poll(Instant{}).value()).what; };
  CHECK(news() == "the keys that verify tokens are RS256");
  CHECK(news() == "the keys that verify tokens are ES256, RS256");
  CHECK_FALSE(keeper.poll(Instant{}));
  CHECK(keeper.use_files({read_public_key(ec_signer().public_pem())}).empty());
  CHECK(news() == "the keys that verify tokens are ES256");
  CHECK_THAT(news(), Contains("withdrawn"));
  CHECK(std::get<KeysWithdrawn>(keeper.poll(Instant{}).value()).numbers == std::vector{number});
  CHECK_FALSE(keeper.next_deadline());
  CHECK(keeper.on_unknown_key(Instant{}) == Outlook::absent);
}

TEST_CASE("a reload asks the URLs at once", "[access]") {
  Keeper keeper;
  keeper.answer(set_of({"a"}));
  keeper->refetch(keeper.now);
  keeper.run();
  CHECK(keeper.fetches.size() == 2);
  keeper->refetch(keeper.now);
  keeper.run();
  CHECK(keeper.fetches.size() == 2);
}

TEST_CASE("keys left out of a set are reported when they change", "[access]") {
  Keeper keeper;
  const std::string with_other =
      jwks({ec_signer().jwk({{"kid", "a"}}), {{"kty", "OKP"}, {"crv", "Ed25519"}}});
  keeper.answer(with_other);
  REQUIRE(keeper.news.size() == 2);
  CHECK_THAT(keeper.news.front(), Contains("keys[1]") && Contains("the URL"));
  keeper.wait(300 * second);
  keeper.answer(with_other);
  CHECK(keeper.news.size() == 2);
}

}  // namespace
}  // namespace regstream::access
