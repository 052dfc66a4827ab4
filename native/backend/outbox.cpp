#include "backend/outbox.hpp"

#include <boost/asio/post.hpp>
#include <exception>
#include <iterator>
#include <mutex>
#include <utility>
#include <variant>

#include "log/log.hpp"

namespace regstream::backend {

/// Shared with the broker's handlers. The broker's thread may call them after the outbox and its
/// executor were destroyed.
struct Outbox::Link {
  std::mutex mutex;
  Outbox* outbox;  // Null once the outbox is destroyed.
  boost::asio::any_io_executor executor;
};

Outbox::Outbox(const boost::asio::any_io_executor& executor, Store& store, broker::Broker& broker,
               Duration retry_after)
    : store_(store),
      broker_(broker),
      retry_after_(retry_after),
      retry_timer_(executor),
      link_(new Link{{}, this, executor}) {
  push(store_.outbox());
}

Outbox::~Outbox() {
  const std::lock_guard lock{link_->mutex};
  link_->outbox = nullptr;
}

void Outbox::push(std::vector<OutboxEntry> entries) {
  const bool was_idle = entries_.empty();
  entries_.insert(entries_.end(), std::make_move_iterator(entries.begin()),
                  std::make_move_iterator(entries.end()));
  if (was_idle && !entries_.empty()) {
    publish_first();
  }
}

void Outbox::push_unstored(std::string message) {
  push({OutboxEntry{.position = {}, .key = {}, .message = std::move(message)}});
}

void Outbox::when_empty(std::function<void()> empty) {
  if (entries_.empty()) {
    empty();
  } else {
    empty_ = std::move(empty);
  }
}

void Outbox::publish_first() {
  broker_.publish(entries_.front().message, entries_.front().key,
                  [link = link_](const broker::PublishResult& result) {
                    const std::lock_guard lock{link->mutex};
                    if (link->outbox != nullptr) {
                      boost::asio::post(link->executor, [outbox = link->outbox, result] {
                        outbox->on_result(result);
                      });
                    }
                  });
}

void Outbox::on_result(const broker::PublishResult& result) {
  const auto* const error = std::get_if<broker::PublishError>(&result);
  if (error != nullptr && entries_.front().position) {
    logging::warn(
        "outbox waits",
        "an update could not be published; it is stored, and published again in a moment: {}",
        error->what);
    retry_timer_.expires_after(retry_after_);
    retry_timer_.async_wait([this](const boost::system::error_code& cancelled) {
      // A cancelled wait may outlive the outbox, so it must not touch the outbox.
      if (!cancelled) {
        publish_first();
      }
    });
    return;
  }
  if (error != nullptr) {
    logging::error("unstored update lost",
                   "an update could neither be stored nor published, and is lost: {}", error->what);
  }
  remove_first();
}

void Outbox::remove_first() {
  if (const auto position = entries_.front().position) {
    try {
      store_.remove_from_outbox(*position);
    } catch (const std::exception& error) {
      // The next start publishes the update again, and its key makes the two one.
      logging::error("outbox not emptied",
                     "a published update could not be removed from the outbox: {}", error.what());
    }
  }
  entries_.pop_front();
  if (!entries_.empty()) {
    publish_first();
  } else if (empty_) {
    std::exchange(empty_, nullptr)();
  }
}

}  // namespace regstream::backend
