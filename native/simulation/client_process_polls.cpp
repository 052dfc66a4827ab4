// How a client finds out that its network holds streams back, and what its polls cost gateways.
#include <memory>
#include <string_view>
#include <utility>

#include "simulation/client_process.hpp"
#include "simulation/stream_request.hpp"
namespace regstream::simulation {

void ClientProcess::carry_out(const OpenProbe& step) {
  StreamRequest request =
      read_stream_request(session_->request_query(TransportKind::polling), {}, workflow_);
  request.token = token_ ? token_->number : 0;
  probe_stream_ =
      std::make_shared<Stream>(world_, plan_, probe_, step.attempt, network_, std::move(request));
  probe_stream_->open(choose_gateway_());
}

void ClientProcess::carry_out(const CloseProbe& /*step*/) {
  if (probe_stream_) {
    std::exchange(probe_stream_, nullptr)->close();
  }
}

void ClientProcess::Probe::on_bytes(AttemptId attempt, std::string_view bytes) {
  if (client_.session_->on_probe_bytes(attempt, bytes, client_.clock_.now())) {
    client_.carry_out();
  }
}

ClientProcess::Requests ClientProcess::requests() const {
  if (is_over()) {
    return {};
  }
  const bool is_streaming =
      session_->state() == ConnectionState::open && kind_ != TransportKind::polling;
  // A client that doesn't poll may have a probe beside its stream.
  return is_streaming ? Requests{.least = 1, .most = 1} : Requests{.least = 0, .most = 2};
}

}  // namespace regstream::simulation
