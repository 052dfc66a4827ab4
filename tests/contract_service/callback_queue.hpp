#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "client/http_url.hpp"

namespace regstream::contract_service {

/// Posts JSON texts to BASE/1, BASE/2 and so on: one at a time, in order, and without a gap. A post
/// that fails ends the queue, since whoever counts would wait for its number for ever.
class CallbackQueue {
 public:
  /// Texts that wait. A receiver that takes none is not worth more memory than this many.
  static constexpr std::size_t waiting_max = 10'000;

  CallbackQueue(boost::asio::io_context& context, client::HttpUrl base);
  CallbackQueue(const CallbackQueue&) = delete;
  CallbackQueue& operator=(const CallbackQueue&) = delete;
  /// What has not been posted by then is dropped.
  ~CallbackQueue();

  void push(std::string json);

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace regstream::contract_service
