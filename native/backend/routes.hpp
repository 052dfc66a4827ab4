#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "access/guard.hpp"
#include "backend/pipeline.hpp"
#include "backend/store.hpp"
#include "net/router.hpp"

namespace regstream::backend {

/// The REST interface of the backend. Requests come on any thread, and are handled on the
/// executor's, where store and pipeline live. The right to subscribe to a registration is the right
/// to read it, and a list has no others. The right to publish it is the right to start its
/// validation. The right to publish every registration is the right to add one. Any other id gets
/// 403, whether or not there is such a registration.
class Routes {
 public:
  /// All arguments must outlive the routes.
  Routes(boost::asio::any_io_executor executor, Store& store, Pipeline& pipeline,
         std::function<std::int64_t()> now_timestamp_ms);

  /// `router` calls this object from now on.
  void add_to(net::Router& router, const access::Guard& guard);

  static constexpr std::array<std::string_view, 3> paths = {
      "/api/registrations", "/api/registrations/{id}", "/api/registrations/{id}/process"};

 private:
  using Method = void (Routes::*)(net::Exchange&, const access::Grant&);
  /// A handler that calls `method` on the executor, and answers an exception with 500.
  [[nodiscard]] access::Guard::Handler on_executor(Method method);

  void list(net::Exchange& exchange, const access::Grant& grant);
  void show(net::Exchange& exchange, const access::Grant& grant);
  void add(net::Exchange& exchange, const access::Grant& grant);
  void process(net::Exchange& exchange, const access::Grant& grant);

  boost::asio::any_io_executor executor_;
  Store& store_;
  Pipeline& pipeline_;
  std::function<std::int64_t()> now_timestamp_ms_;
};

}  // namespace regstream::backend
