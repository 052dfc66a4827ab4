#pragma once

#include <span>
#include <string_view>

/// What Redis answers while it takes no calls, or no writes, from anybody. It passes without
/// anything being done here, and the script has written nothing. The list is passing_errors.json,
/// from which the Node publisher's is made as well. NOAUTH is in it for that one, which is given a
/// client that somebody else connects. Here `reply_failure` calls it a missing password before it
/// looks at the list.
namespace regstream::broker {

struct PassingError {
  std::string_view code;  ///< The first word of the reply, such as "OOM".
  std::string_view
      reason;  ///< For people, the end of a sentence about Redis: "it has no memory left".
  bool needs_new_connection;  ///< Another server may have the address by now, and take writes.
};

[[nodiscard]] std::span<const PassingError> passing_errors();

/// The one that an error reply stands for; null if it is another error.
[[nodiscard]] const PassingError* find_passing_error(std::string_view reply);

/// "OOM" of "OOM command not allowed"; empty if the reply begins with no error code. Redis before 7
/// puts the error of a command that a script called into a sentence of its own ("ERR Error running
/// script (call to f_…): @user_script: 1: -OOM command not allowed"): the code is the inner one
/// then. From 7 on it says "ERR The user executing the script can't …" or "ERR ACL failure in
/// script: …" where it means NOPERM.
[[nodiscard]] std::string_view reply_code(std::string_view reply);

}  // namespace regstream::broker
