#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace regstream::net {

/// The loops of a process: each is an io_context with one thread. Only that thread touches what
/// lives on the loop, so nothing there needs a lock. Work for another loop is posted, and arrives
/// in the order in which a thread posted it.
///
/// The first loop has everything that exists once: brokers, tokens, signals, and questions to all
/// loops. If there is only one loop, nothing is posted.
class Loops {
 public:
  /// Beyond this, cores don't share the acceptors well, and each loop has a journal of its own.
  static constexpr std::size_t count_max = 64;

  /// 1 to `count_max`.
  explicit Loops(std::size_t count);
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;
  /// Not while they run. What the first loop still holds may answer to the others, so it is
  /// destroyed before them.
  ~Loops();

  [[nodiscard]] std::size_t size() const { return contexts_.size(); }
  [[nodiscard]] boost::asio::io_context& operator[](std::size_t loop) { return *contexts_[loop]; }
  [[nodiscard]] boost::asio::io_context& first() { return *contexts_.front(); }

  /// Runs all loops (`net::run`): the first one on this thread, until it is stopped or has nothing
  /// left to do; then the others end. Throws std::system_error if a thread can't be created.
  void run();
  /// Stops all loops, each after its current handler. From any thread.
  void stop();

  /// Calls `act(loop)` on each loop. Call it on the first loop, whose turn is within this call.
  template <typename Act>
  void on_each(Act act) {
    for (std::size_t loop = 1; loop < size(); ++loop) {
      boost::asio::post(*contexts_[loop], [act, loop]() mutable { act(loop); });
    }
    act(std::size_t{0});
  }

  /// Asks each loop for a value: `ask(loop)` runs on its thread. `then` gets all values, in the
  /// order of the loops, on the first loop, where this must be called: within this call if there is
  /// no other loop. No loop waits for another. If one throws or doesn't answer, `then` is never
  /// called; it is destroyed with the loops at the latest.
  template <typename Ask, typename Then>
  void ask_each(Ask ask, Then then) {
    const auto question =
        std::make_shared<Question<decltype(ask(std::size_t{0})), Then>>(size(), std::move(then));
    const auto asked = asked_.insert(asked_.end(), question);
    // The other loops don't own it, because what it holds may belong to the first loop.
    const std::weak_ptr weak(question);
    for (std::size_t loop = 1; loop < size(); ++loop) {
      boost::asio::post(*contexts_[loop], [this, weak, asked, ask, loop]() mutable {
        try {
          boost::asio::post(first(), [this, weak, asked, loop, answer = ask(loop)]() mutable {
            add_answer(weak, asked, loop, std::move(answer));
          });
        } catch (...) {
          boost::asio::post(first(), [this, weak, asked] { forget(weak, asked); });
          throw;
        }
      });
    }
    const auto answer_first = [this, &weak, &asked, &ask] {
      try {
        return ask(std::size_t{0});
      } catch (...) {
        forget(weak, asked);
        throw;
      }
    };
    add_answer(weak, asked, 0, answer_first());
  }

 private:
  using Work = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;
  using Asked = std::list<std::shared_ptr<void>>;

  /// A question that not all loops have answered yet.
  template <typename Answer, typename Then>
  struct Question {
    Question(std::size_t count, Then next)
        : answers(count), missing(count), then(std::move(next)) {}
    std::vector<Answer> answers;
    std::size_t missing;
    Then then;
  };

  template <typename Answer, typename Then>
  void add_answer(const std::weak_ptr<Question<Answer, Then>>& weak, Asked::iterator asked,
                  std::size_t loop, Answer answer) {
    const auto question = weak.lock();
    if (!question) {
      return;
    }
    question->answers[loop] = std::move(answer);
    if (--question->missing == 0) {
      asked_.erase(asked);
      question->then(std::move(question->answers));
    }
  }
  template <typename Weak>
  void forget(const Weak& weak, Asked::iterator asked) {
    if (!weak.expired()) {
      asked_.erase(asked);
    }
  }

  void end_others();

  std::vector<std::unique_ptr<boost::asio::io_context>> contexts_;
  Asked asked_;  // On the first loop.
  // Keeps the other loops running as long as the first one runs.
  std::vector<Work> work_;
  std::vector<std::thread> threads_;
};

}  // namespace regstream::net
