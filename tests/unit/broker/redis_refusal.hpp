#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis_program.hpp"
#include "redis_server.hpp"

namespace regstream::test {

/// A real Redis that answers, but refuses writes, from the construction until `end`.
class RedisRefusal {
 public:
  /// `code` is the error that it answers with.
  RedisRefusal(RedisServer& server, std::string_view code)
      : server_(server), code_(code), operator_(server) {
    begin();
  }

  /// The codes that a single real Redis can be brought to answer with.
  static std::vector<std::string> codes() {
    return {"BUSY", "MASTERDOWN", "MISCONF", "NOREPLICAS", "OOM", "READONLY"};
  }

  /// Until it has refused so many commands with this error.
  void wait_refused(std::size_t count) {
    const std::string name = "errorstat_" + code_ + ":count=";
    for (;;) {
      const auto reply = operator_.command({"INFO", "errorstats"});
      const std::string statistics{broker::reply_text(*reply)};
      const auto at = statistics.find(name);
      if (at != std::string::npos && std::stoul(statistics.substr(at + name.size())) >= count) {
        return;
      }
    }
  }

  void end() {
    if (code_ == "BUSY") {
      operator_.command({"SCRIPT", "KILL"});
      busy_->read();  // It has ended.
      busy_.reset();
    } else if (code_ == "MISCONF") {
      server_.mend_disk();
      set("save", "");
    } else if (code_ == "NOREPLICAS") {
      set("min-replicas-to-write", "0");
    } else if (code_ == "OOM") {
      set("maxmemory", "0");
    } else {
      operator_.command({"REPLICAOF", "NO", "ONE"});
    }
  }

 private:
  void begin() {
    if (code_ == "BUSY") {
      set("lua-time-limit", "1");
      busy_.emplace(server_);
      busy_->send({"EVAL", "while true do end", "0"});
      busy_->flush();
      while (!broker::reply_text(*operator_.command({"PING"})).starts_with("BUSY")) {
      }
    } else if (code_ == "MISCONF") {
      server_.break_disk();
      set("save", "3600 1");
      operator_.command({"BGSAVE"});
      while (broker::reply_text(*operator_.command({"INFO", "persistence"}))
                 .find("rdb_last_bgsave_status:err") == std::string_view::npos) {
      }
    } else if (code_ == "NOREPLICAS") {
      set("min-replicas-to-write", "1");
    } else if (code_ == "OOM") {
      set("maxmemory", "1");
    } else {
      set("replica-serve-stale-data", code_ == "MASTERDOWN" ? "no" : "yes");
      operator_.command({"REPLICAOF", "127.0.0.1", "1"});  // Where nobody listens.
    }
  }

  void set(const char* name, const char* value) {
    operator_.command({"CONFIG", "SET", name, value});
  }

  RedisServer& server_;
  std::string code_;
  OtherProgram operator_;
  std::optional<OtherProgram> busy_;
};

}  // namespace regstream::test
