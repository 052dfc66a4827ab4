#include "contract_service/callback_queue.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <string_view>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "log/log.hpp"

namespace regstream::contract_service {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr std::chrono::seconds post_timeout{10};

}  // namespace

/// Outlives its owner until the operation under way has come back.
class CallbackQueue::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(asio::io_context& context, client::HttpUrl base)
      : base_(std::move(base)), resolver_(context), stream_(context) {}

  void push(std::string json) {
    if (is_closed_) {
      return;
    }
    if (waiting_.size() >= waiting_max) {
      end("it does not take them fast enough");
      return;
    }
    waiting_.push_back(std::move(json));
    if (!is_posting_) {
      post();
    }
  }

  void close() {
    is_closed_ = true;
    waiting_.clear();
    resolver_.cancel();
    stream_.close();
  }

 private:
  using ErrorCode = beast::error_code;

  void post() {
    is_posting_ = true;
    const std::string_view slash = base_.target.ends_with('/') ? "" : "/";
    request_ = {http::verb::post, base_.target + std::string(slash) + std::to_string(++number_),
                11};
    request_.set(http::field::host, base_.host_field);
    request_.set(http::field::content_type, "application/json");
    // A new connection for each: one that was kept may be gone by the time that there is more.
    request_.keep_alive(false);
    request_.body() = std::move(waiting_.front());
    request_.prepare_payload();
    waiting_.pop_front();
    resolve();
  }

  void resolve() {
    resolver_.async_resolve(
        base_.host, base_.port, tcp::resolver::numeric_service,
        [self = shared_from_this()](ErrorCode error, const tcp::resolver::results_type& found) {
          if (self->goes_on(error)) {
            self->connect(found);
          }
        });
  }

  void connect(const tcp::resolver::results_type& found) {
    stream_.expires_after(post_timeout);
    stream_.async_connect(found, [self = shared_from_this()](ErrorCode error, const auto&) {
      if (self->goes_on(error)) {
        ErrorCode ignored;
        self->stream_.socket().set_option(tcp::no_delay(true), ignored);
        self->write();
      }
    });
  }

  void write() {
    stream_.expires_after(post_timeout);
    http::async_write(stream_, request_, [self = shared_from_this()](ErrorCode error, std::size_t) {
      if (self->goes_on(error)) {
        self->read();
      }
    });
  }

  void read() {
    answer_ = {};
    http::async_read(stream_, buffer_, answer_,
                     [self = shared_from_this()](ErrorCode error, std::size_t) {
                       if (self->goes_on(error)) {
                         self->on_answer();
                       }
                     });
  }

  void on_answer() {
    if (http::to_status_class(answer_.result()) != http::status_class::successful) {
      end("it answered with status " + std::to_string(answer_.result_int()));
      return;
    }
    stream_.close();
    buffer_.clear();
    is_posting_ = false;
    if (!waiting_.empty()) {
      post();
    }
  }

  bool goes_on(ErrorCode error) {
    if (!is_closed_ && error) {
      end(error.message());
    }
    return !is_closed_;
  }

  void end(const std::string& reason) {
    logging::warn("callbacks end", "no more callbacks to {}: {}", base_.shown(), reason);
    close();
  }

  const client::HttpUrl base_;
  tcp::resolver resolver_;
  beast::tcp_stream stream_;
  std::deque<std::string> waiting_;
  std::uint64_t number_ = 0;
  bool is_posting_ = false;
  bool is_closed_ = false;
  http::request<http::string_body> request_;
  http::response<http::string_body> answer_;
  beast::flat_buffer buffer_;
};

CallbackQueue::CallbackQueue(asio::io_context& context, client::HttpUrl base)
    : implementation_(std::make_shared<Implementation>(context, std::move(base))) {}

CallbackQueue::~CallbackQueue() {
  implementation_->close();
}

void CallbackQueue::push(std::string json) {
  implementation_->push(std::move(json));
}

}  // namespace regstream::contract_service
