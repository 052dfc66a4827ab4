#include <catch2/catch.hpp>

#include "broker/push_backlog.hpp"

using regstream::broker::PushBacklog;
using Step = PushBacklog::Step;

TEST_CASE("redis gets a PING after enough bytes and is behind until it answers") {
  PushBacklog backlog;
  constexpr auto most = PushBacklog::unproved_bytes_max;
  CHECK(backlog.on_bytes(most - 1) == Step::none);
  CHECK(backlog.on_bytes(1) == Step::ask);
  backlog.on_asked();
  CHECK(backlog.on_bytes(most - 1) == Step::none);
  CHECK(backlog.on_bytes(1) == Step::behind);
  CHECK(backlog.on_answered());
  CHECK(backlog.on_bytes(most - 1) == Step::none);
}

TEST_CASE("of several pending answers the last one counts") {
  PushBacklog backlog;
  backlog.on_asked();
  backlog.on_asked();
  CHECK_FALSE(backlog.on_answered());
  CHECK(backlog.on_answered());
}
