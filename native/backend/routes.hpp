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

/// The REST interface of the backend. A request is taken on any thread, and worked on in the
/// executor's, where store and pipeline live. Who may subscribe to a registration may read it, and
/// a list holds no others; who may publish it may start its validation; who may publish any may add
/// one. An id that is beyond this is a 403, whether there is such a registration or not.
class Routes {
 public:
  /// Everything referred to must outlive the routes.
  Routes(boost::asio::any_io_executor executor, Store& store, Pipeline& pipeline,
         std::function<std::int64_t()> now_timestamp_ms);

  /// `router` calls this object from now on.
  void add_to(net::Router& router, const access::Guard& guard);

  static constexpr std::array<std::string_view, 3> paths = {
      "/api/registrations", "/api/registrations/{id}", "/api/registrations/{id}/process"};

 private:
  using Method = void (Routes::*)(net::Exchange&, const access::Grant&);
  /// A handler that has `method` called on the executor; what it throws is answered with 500.
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
