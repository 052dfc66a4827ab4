#pragma once

#include <optional>

#include <regstream/client/stream_failure.hpp>
#include <regstream/connection/connection.hpp>

#include "client/answer_head.hpp"

namespace regstream::client {

/// A response as the connection machine sees it.
struct StreamAnswer {
  ResponseHead head;
  std::optional<StreamFailure>
      refusal;  ///< What is wrong with the response, if it is not a stream.
};

[[nodiscard]] StreamAnswer judge_stream_answer(const AnswerHead& answer);

}  // namespace regstream::client
