#include <regstream/connection/connection.hpp>

// What a server's response to an attempt means.
namespace regstream {
namespace {

bool is_redirect(std::uint16_t status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool may_pass(std::uint16_t status) {
  return status == 408 || status == 429 || (status >= 500 && status <= 599);
}

}  // namespace

ConnectionEvent Connection::classify(const ResponseHead& head) const {
  if (head.status == 204) {
    return ConnectionEvent::told_to_stop;
  }
  if (head.redirect_failed || is_redirect(head.status)) {
    return ConnectionEvent::redirect_failed;
  }
  if (head.status == 200) {
    if (!head.is_event_stream) {
      return ConnectionEvent::wrong_content_type;
    }
    return head.is_coded ? ConnectionEvent::wrong_content_coding : ConnectionEvent::accepted;
  }
  const bool is_resilient = options_.policy == RetryPolicy::resilient;
  if (is_resilient && may_pass(head.status)) {
    return ConnectionEvent::refused;
  }
  if (head.status == 401) {
    return is_resilient && options_.needs_token && !was_unauthorized_
               ? ConnectionEvent::token_refused
               : ConnectionEvent::unauthorized;
  }
  return head.status == 403 ? ConnectionEvent::forbidden : ConnectionEvent::refused_for_good;
}

}  // namespace regstream
