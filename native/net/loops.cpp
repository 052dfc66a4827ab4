#include "net/loops.hpp"

#include "net/event_loop.hpp"

namespace regstream::net {

namespace asio = boost::asio;

Loops::Loops(std::size_t count) {
  for (std::size_t loop = 0; loop < count; ++loop) {
    contexts_.push_back(std::make_unique<asio::io_context>(1));
  }
}

Loops::~Loops() {
  asked_.clear();
  contexts_.front().reset();
}

void Loops::run() {
  try {
    for (std::size_t loop = 1; loop < size(); ++loop) {
      work_.emplace_back(contexts_[loop]->get_executor());
      threads_.emplace_back([&context = *contexts_[loop]] { net::run(context); });
    }
  } catch (...) {
    end_others();
    throw;
  }
  net::run(first());
  end_others();
}

void Loops::stop() {
  for (const auto& context : contexts_) {
    context->stop();
  }
}

void Loops::end_others() {
  for (std::size_t loop = 1; loop < size(); ++loop) {
    contexts_[loop]->stop();
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
  work_.clear();
}

}  // namespace regstream::net
