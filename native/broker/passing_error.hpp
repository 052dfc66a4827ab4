#pragma once

#include <span>
#include <string_view>

/// Errors with which Redis refuses all calls, or all writes, for a while. They pass without any
/// action here, and the script has written nothing. The list is passing_errors.json, which the Node
/// publisher uses as well. NOAUTH is in it for that publisher, whose client is connected by someone
/// else; here `reply_failure` reports a missing password before it looks at the list.
namespace regstream::broker {

struct PassingError {
  std::string_view code;  ///< The first word of the reply, such as "OOM".
  std::string_view
      reason;  ///< For people: the end of a sentence about Redis, such as "it has no memory left".
  bool needs_new_connection;  ///< Another server may have the address now, and accept writes.
};

[[nodiscard]] std::span<const PassingError> passing_errors();

/// The passing error of an error reply. Null: another error.
[[nodiscard]] const PassingError* find_passing_error(std::string_view reply);

/// The code of an error reply: "OOM" of "OOM command not allowed". Empty: the reply does not begin
/// with a code.
///
/// Redis before 7 wraps an error of a script's command ("ERR Error running script (call to f_…):
/// @user_script: 1: -OOM command not allowed"): the code is the inner one. From 7 on, "ERR The user
/// executing the script can't …" and "ERR ACL failure in script: …" mean NOPERM.
[[nodiscard]] std::string_view reply_code(std::string_view reply);

}  // namespace regstream::broker
