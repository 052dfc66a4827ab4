#include <regstream/connection/transitions.hpp>

namespace regstream {

Outlook outlook(ConnectionReason reason) {
  switch (reason) {
    case ConnectionReason::none:
    case ConnectionReason::requested:
    case ConnectionReason::changed:
    case ConnectionReason::renewed:
    case ConnectionReason::token_given:
    case ConnectionReason::accepted:
    case ConnectionReason::retry_due:
    case ConnectionReason::woken:
    case ConnectionReason::finished:
    case ConnectionReason::told_to_stop:
      return Outlook::good;
    case ConnectionReason::token_refused:
    case ConnectionReason::ended:
    case ConnectionReason::network_failed:
    case ConnectionReason::timed_out:
    case ConnectionReason::silent:
    case ConnectionReason::refused:
    case ConnectionReason::token_unavailable:
    case ConnectionReason::offline:
    case ConnectionReason::restored:
      return Outlook::may_pass;
    case ConnectionReason::unauthorized:
    case ConnectionReason::forbidden:
    case ConnectionReason::wrong_content_type:
    case ConnectionReason::wrong_content_coding:
    case ConnectionReason::redirect_failed:
    case ConnectionReason::token_denied:
    case ConnectionReason::refused_for_good:
      return Outlook::failed;
  }
  return Outlook::good;
}

std::string_view to_string(ConnectionState state) {
  switch (state) {
    case ConnectionState::idle:
      return "idle";
    case ConnectionState::authorizing:
      return "authorizing";
    case ConnectionState::connecting:
      return "connecting";
    case ConnectionState::open:
      return "open";
    case ConnectionState::waiting:
      return "waiting";
    case ConnectionState::closed:
      return "closed";
  }
  return {};
}

std::string_view to_string(ConnectionReason reason) {
  switch (reason) {
    case ConnectionReason::none:
      return "none";
    case ConnectionReason::requested:
      return "requested";
    case ConnectionReason::changed:
      return "changed";
    case ConnectionReason::renewed:
      return "renewed";
    case ConnectionReason::token_given:
      return "token_given";
    case ConnectionReason::token_refused:
      return "token_refused";
    case ConnectionReason::accepted:
      return "accepted";
    case ConnectionReason::retry_due:
      return "retry_due";
    case ConnectionReason::woken:
      return "woken";
    case ConnectionReason::ended:
      return "ended";
    case ConnectionReason::network_failed:
      return "network_failed";
    case ConnectionReason::timed_out:
      return "timed_out";
    case ConnectionReason::silent:
      return "silent";
    case ConnectionReason::refused:
      return "refused";
    case ConnectionReason::token_unavailable:
      return "token_unavailable";
    case ConnectionReason::offline:
      return "offline";
    case ConnectionReason::restored:
      return "restored";
    case ConnectionReason::finished:
      return "finished";
    case ConnectionReason::told_to_stop:
      return "told_to_stop";
    case ConnectionReason::unauthorized:
      return "unauthorized";
    case ConnectionReason::forbidden:
      return "forbidden";
    case ConnectionReason::wrong_content_type:
      return "wrong_content_type";
    case ConnectionReason::wrong_content_coding:
      return "wrong_content_coding";
    case ConnectionReason::redirect_failed:
      return "redirect_failed";
    case ConnectionReason::token_denied:
      return "token_denied";
    case ConnectionReason::refused_for_good:
      return "refused_for_good";
  }
  return {};
}

std::string_view to_string(ConnectionEvent event) {
  switch (event) {
    case ConnectionEvent::connect:
      return "connect";
    case ConnectionEvent::restart:
      return "restart";
    case ConnectionEvent::close:
      return "close";
    case ConnectionEvent::changed:
      return "changed";
    case ConnectionEvent::renewed:
      return "renewed";
    case ConnectionEvent::wake:
      return "wake";
    case ConnectionEvent::offline:
      return "offline";
    case ConnectionEvent::online:
      return "online";
    case ConnectionEvent::restored:
      return "restored";
    case ConnectionEvent::token_given:
      return "token_given";
    case ConnectionEvent::token_unavailable:
      return "token_unavailable";
    case ConnectionEvent::token_denied:
      return "token_denied";
    case ConnectionEvent::accepted:
      return "accepted";
    case ConnectionEvent::told_to_stop:
      return "told_to_stop";
    case ConnectionEvent::refused:
      return "refused";
    case ConnectionEvent::token_refused:
      return "token_refused";
    case ConnectionEvent::unauthorized:
      return "unauthorized";
    case ConnectionEvent::forbidden:
      return "forbidden";
    case ConnectionEvent::wrong_content_type:
      return "wrong_content_type";
    case ConnectionEvent::wrong_content_coding:
      return "wrong_content_coding";
    case ConnectionEvent::redirect_failed:
      return "redirect_failed";
    case ConnectionEvent::refused_for_good:
      return "refused_for_good";
    case ConnectionEvent::finished:
      return "finished";
    case ConnectionEvent::ended:
      return "ended";
    case ConnectionEvent::network_failed:
      return "network_failed";
    case ConnectionEvent::fell_silent:
      return "fell_silent";
    case ConnectionEvent::deadline:
      return "deadline";
  }
  return {};
}

}  // namespace regstream
