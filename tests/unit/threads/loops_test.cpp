#include "net/loops.hpp"

#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include "running_loops.hpp"

using namespace regstream;

TEST_CASE("each loop has a thread of its own and acts on it") {
  test::RunningLoops running(4);
  std::vector<std::thread::id> threads(4);
  running.begin();
  running.on(0, [&] {
    running.loops.on_each([&](std::size_t loop) { threads[loop] = std::this_thread::get_id(); });
  });
  running.settle();
  CHECK(std::set<std::thread::id>(threads.begin(), threads.end()).size() == 4);
  for (std::size_t loop = 0; loop < 4; ++loop) {
    CHECK(running.on(loop, [] { return std::this_thread::get_id(); }) == threads[loop]);
  }
}

TEST_CASE("each loop answers on its thread and the first one gets all answers in order") {
  const std::size_t count = GENERATE(as<std::size_t>{}, 1, 2, 5);
  test::RunningLoops running(count);
  std::vector<std::thread::id> threads(count);
  std::promise<std::vector<std::size_t>> told;
  std::thread::id told_on;
  running.begin();
  running.on(0, [&] {
    running.loops.ask_each(
        [&](std::size_t loop) {
          threads[loop] = std::this_thread::get_id();
          return loop * 10;
        },
        [&](std::vector<std::size_t> answers) {
          told_on = std::this_thread::get_id();
          told.set_value(std::move(answers));
        });
  });
  const std::vector<std::size_t> answers = told.get_future().get();
  REQUIRE(answers.size() == count);
  for (std::size_t loop = 0; loop < count; ++loop) {
    CHECK(answers[loop] == loop * 10);
  }
  CHECK(std::set<std::thread::id>(threads.begin(), threads.end()).size() == count);
  CHECK(told_on == threads[0]);
}

TEST_CASE("a single loop answers within the call") {
  net::Loops loops(1);
  bool is_told = false;
  loops.ask_each([](std::size_t) { return 1; }, [&](const std::vector<int>&) { is_told = true; });
  CHECK(is_told);
}

TEST_CASE("the first loop forgets a question that one loop can't answer") {
  test::RunningLoops running(3);
  auto kept = std::make_shared<std::promise<std::thread::id>>();
  auto forgotten = kept->get_future();
  // Records on which thread the question is destroyed.
  std::shared_ptr<void> sentinel(nullptr,
                                 [kept](void*) { kept->set_value(std::this_thread::get_id()); });
  running.begin();
  const auto first = running.on(0, [] { return std::this_thread::get_id(); });
  running.on(0, [&running, sentinel = std::move(sentinel)]() mutable {
    running.loops.ask_each(
        [](std::size_t loop) { return loop == 1 ? throw std::runtime_error("no answer") : 0; },
        [sentinel = std::move(sentinel)](const std::vector<int>&) { FAIL(); });
  });
  CHECK(forgotten.get() == first);
}

TEST_CASE("the callback may throw and the question is forgotten once") {
  net::Loops loops(1);
  const auto ask = [&loops] {
    loops.ask_each([](std::size_t) { return 0; },
                   [](const std::vector<int>&) { throw std::runtime_error("no memory"); });
  };
  CHECK_THROWS_WITH(ask(), "no memory");
  CHECK_THROWS_WITH(ask(), "no memory");
}

TEST_CASE("an open question is destroyed at the end while all loops still exist") {
  auto loops = std::make_unique<net::Loops>(2);
  bool is_alive = false;
  std::shared_ptr<void> sentinel(nullptr, [&, raw = loops.get()](void*) {
    boost::asio::post(raw->first(), [] {});
    boost::asio::post((*raw)[1], [] {});
    is_alive = true;
  });
  // Nothing runs, so the other loop never answers.
  loops->ask_each([](std::size_t) { return 0; },
                  [sentinel = std::move(sentinel)](const std::vector<int>&) { FAIL(); });
  loops.reset();
  CHECK(is_alive);
}

TEST_CASE("any loop may stop them all") {
  net::Loops loops(3);
  const auto work = boost::asio::make_work_guard(loops.first());
  const std::size_t loop = GENERATE(as<std::size_t>{}, 0, 2);
  boost::asio::post(loops[loop], [&loops] { loops.stop(); });
  loops.run();
  CHECK(loops.first().stopped());
  CHECK(loops[1].stopped());
}

TEST_CASE("an exception of a handler ends that handler alone") {
  test::RunningLoops running(2);
  running.begin();
  boost::asio::post(running.loops[1], [] { throw std::runtime_error("a handler"); });
  CHECK(running.on(1, [] { return 7; }) == 7);
}
