#include "client/stream_answer.hpp"

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "client/response_fields.hpp"

namespace regstream::client {

namespace http = boost::beast::http;

namespace {

StreamAnswer judge_body(const AnswerHead& answer, ResponseHead head) {
  const std::string_view type = answer.fields[http::field::content_type];
  const auto coding = unreadable_coding(answer.fields);
  head.is_event_stream = is_event_stream(type);
  head.is_coded = coding.has_value();
  if (!head.is_event_stream) {
    return {head, StreamFailure{StreamFailureKind::wrong_content_type,
                                answer.url.shown() + " answered with content type " +
                                    in_quotes(type) + " instead of text/event-stream"}};
  }
  if (coding) {
    return {head, StreamFailure{StreamFailureKind::wrong_content_coding,
                                answer.url.shown() + " answered with a stream in the coding " +
                                    in_quotes(*coding) +
                                    ", which this client can't decode: make the server, or the "
                                    "proxy before it, send the stream without a content coding"}};
  }
  return {head, std::nullopt};
}

}  // namespace

StreamAnswer judge_stream_answer(const AnswerHead& answer) {
  ResponseHead head;
  head.status = static_cast<std::uint16_t>(answer.status);
  if (answer.redirect_problem) {
    head.redirect_failed = true;
    return {head, StreamFailure{StreamFailureKind::redirect, *answer.redirect_problem}};
  }
  if (answer.status == 204) {
    return {head,
            StreamFailure{StreamFailureKind::told_to_stop,
                          answer.url.shown() + " asks clients not to reconnect (status 204)"}};
  }
  if (answer.status != 200) {
    head.retry_after =
        parse_retry_after(answer.fields[http::field::retry_after], std::time(nullptr));
    return {head, StreamFailure{StreamFailureKind::unexpected_status,
                                answer.url.shown() + " answered with status " +
                                    std::to_string(answer.status)}};
  }
  return judge_body(answer, head);
}

}  // namespace regstream::client
