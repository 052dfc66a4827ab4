#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <regstream/random.hpp>

#include "hub/journal.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

constexpr std::uint64_t epoch = 1'702'492'000'000;

Instant at(std::int64_t ms) {
  return Instant{Duration{ms}};
}

EventId id(std::uint64_t sequence) {
  return {.epoch = epoch, .sequence = sequence};
}

struct Message {
  std::uint64_t sequence;
  std::int64_t registration_id;
  std::string text;
  Instant arrival;
};

// What a journal says of itself, without any chain.
class NaiveJournal {
 public:
  explicit NaiveJournal(JournalLimits limits) : limits_(limits) {}

  void begin(std::uint64_t position) {
    messages_.clear();
    position_ = position;
  }
  // `bytes_each` is what an entry costs besides its text.
  void append(std::int64_t registration_id, const std::string& text, Instant now,
              std::size_t bytes_each) {
    messages_.push_back({++position_, registration_id, text, now});
    const auto is_too_much = [&] {
      std::size_t bytes = 0;
      for (const Message& message : messages_) {
        bytes += message.text.size() + bytes_each;
      }
      return messages_.size() > limits_.count_max || bytes > limits_.bytes_max;
    };
    while (messages_.size() > 1 && is_too_much()) {
      messages_.erase(messages_.begin());
    }
    trim(now);
  }
  void trim(Instant now) {
    while (!messages_.empty() && now - messages_.front().arrival > limits_.age_max) {
      messages_.erase(messages_.begin());
    }
  }
  [[nodiscard]] std::vector<std::uint64_t> after(std::uint64_t cursor,
                                                 std::int64_t registration_id) const {
    std::vector<std::uint64_t> all;
    for (const Message& message : messages_) {
      if (message.sequence > cursor &&
          (registration_id == every_registration || message.registration_id == registration_id)) {
        all.push_back(message.sequence);
      }
    }
    return all;
  }
  [[nodiscard]] const std::vector<Message>& messages() const { return messages_; }
  [[nodiscard]] std::uint64_t position() const { return position_; }

 private:
  JournalLimits limits_;
  std::vector<Message> messages_;
  std::uint64_t position_ = 0;
};

std::vector<std::uint64_t> after(const Journal& journal, std::uint64_t cursor,
                                 std::int64_t registration_id) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t one = journal.first_after(cursor, registration_id); one != 0;
       one = journal.next_of(one, registration_id)) {
    all.push_back(one);
  }
  return all;
}

void append(Journal& journal, std::int64_t registration_id, std::string text, Instant now) {
  journal.append(registration_id, make_frame(std::move(text)), now);
}

// What an entry costs besides its frame's bytes.
std::size_t measure_bytes_each() {
  Journal journal;
  journal.append(every_registration, nullptr, at(0));
  return journal.bytes();
}

}  // namespace

TEST_CASE("A journal that has just begun resumes from its position only") {
  Journal journal;
  CHECK(journal.position() == EventId{});
  CHECK_FALSE(journal.can_resume_after({}));

  journal.begin(id(7));
  CHECK(journal.position() == id(7));
  CHECK(journal.resumable_from() == id(7));
  CHECK(journal.can_resume_after(id(7)));
  CHECK_FALSE(journal.can_resume_after(id(6)));
  CHECK_FALSE(journal.can_resume_after(id(8)));
  CHECK_FALSE(journal.can_resume_after({.epoch = epoch - 1, .sequence = 7}));
  CHECK_FALSE(journal.can_resume_after({.epoch = epoch + 1, .sequence = 7}));
  CHECK(after(journal, 7, every_registration).empty());
}

TEST_CASE("A message that reaches nobody still has its place") {
  Journal journal;
  journal.begin(id(0));
  append(journal, 42, "first", at(0));
  journal.append(every_registration, nullptr, at(0));
  append(journal, 42, "third", at(0));
  CHECK(journal.position() == id(3));
  CHECK(after(journal, 0, every_registration) == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(after(journal, 0, 42) == std::vector<std::uint64_t>{1, 3});
  CHECK(journal.frame(2) == nullptr);
  CHECK(journal.frame(3)->bytes() == "third");
}

TEST_CASE("The newest message stays however large it is") {
  Journal journal({.count_max = 0, .bytes_max = 10});
  journal.begin(id(0));
  append(journal, 42, std::string(1'000, 'x'), at(0));
  append(journal, 42, std::string(2'000, 'x'), at(0));
  CHECK(journal.size() == 1);
  CHECK(journal.has(2));
  CHECK_FALSE(journal.has(1));
  CHECK(journal.resumable_from() == id(1));
}

TEST_CASE("A quiet journal grows old and then only its position is left") {
  Journal journal({.age_max = Duration{100}});
  journal.begin(id(0));
  append(journal, 42, "a", at(0));
  append(journal, 43, "b", at(50));
  journal.trim(at(100));
  CHECK(journal.size() == 2);
  journal.trim(at(101));
  CHECK(journal.resumable_from() == id(1));
  journal.trim(at(1'000));
  CHECK(journal.size() == 0);
  CHECK(journal.bytes() == 0);
  CHECK(journal.position() == id(2));
  CHECK(journal.resumable_from() == id(2));
  append(journal, 42, "c", at(1'000));
  CHECK(after(journal, 2, 42) == std::vector<std::uint64_t>{3});
}

TEST_CASE("A journal lets go of the frames that it drops") {
  Journal journal({.count_max = 1});
  journal.begin(id(0));
  const FramePtr frame = make_frame("a");
  journal.append(42, frame, at(0));
  CHECK(frame->use_count() == 2);
  journal.append(42, nullptr, at(0));
  CHECK(frame->use_count() == 1);
}

TEST_CASE("A journal is at every moment what a plain list would be") {
  const std::size_t bytes_each = measure_bytes_each();
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    const JournalLimits limits{.count_max = static_cast<std::size_t>(1 + random.up_to(30)),
                               .bytes_max = static_cast<std::size_t>(random.up_to(40 * bytes_each)),
                               .age_max = Duration{static_cast<std::int64_t>(random.up_to(60))}};
    Journal journal(limits);
    NaiveJournal naive(limits);
    const std::uint64_t registrations = 1 + random.up_to(7);
    Instant now = at(0);
    for (int step = 0; step < 150; ++step) {
      now += Duration{static_cast<std::int64_t>(random.up_to(4))};
      const std::uint64_t what = random.up_to(50);
      if (what == 0) {
        const std::uint64_t position = random.up_to(1'000);
        journal.begin(id(position));
        naive.begin(position);
      } else if (what <= 3) {
        journal.trim(now);
        naive.trim(now);
      } else if (what <= 7) {
        journal.append(every_registration, nullptr, now);
        naive.append(every_registration, "", now, bytes_each);
      } else {
        const auto registration_id = static_cast<std::int64_t>(1 + random.up_to(registrations - 1));
        const std::string text(random.up_to(2 * bytes_each), 'x');
        append(journal, registration_id, text, now);
        naive.append(registration_id, text, now, bytes_each);
      }

      REQUIRE(journal.position().sequence == naive.position());
      REQUIRE(journal.size() == naive.messages().size());
      const std::uint64_t oldest_cursor = naive.position() - naive.messages().size();
      REQUIRE(journal.resumable_from().sequence == oldest_cursor);
      std::size_t bytes = 0;
      for (const Message& message : naive.messages()) {
        bytes += bytes_each + message.text.size();
        if (!journal.has(message.sequence)) {
          FAIL("it has no " << message.sequence);
        }
        const FramePtr& frame = journal.frame(message.sequence);
        if ((frame ? frame->bytes() : "") != message.text) {
          FAIL("another text at " << message.sequence << ": " << (frame ? frame->bytes() : ""));
        }
      }
      REQUIRE(journal.bytes() == bytes);
      REQUIRE_FALSE(journal.has(oldest_cursor));
      for (std::uint64_t cursor = oldest_cursor; cursor <= naive.position(); ++cursor) {
        const auto registration_id = static_cast<std::int64_t>(random.up_to(registrations));
        const auto found = after(journal, cursor, registration_id);
        const auto expected = naive.after(cursor, registration_id);
        if (found != expected) {
          INFO("after " << cursor << ", registration " << registration_id);
          REQUIRE(found == expected);
        }
      }
    }
  }
}
