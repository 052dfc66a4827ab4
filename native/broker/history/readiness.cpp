#include "broker/history/readiness.hpp"

#include <utility>

namespace regstream::broker {

void Readiness::on_published(Instant now) {
  obstacles_.publishing.clear();
  probe_at_ = now + probe_interval;
}

void Readiness::on_publishing_failed(std::string reason, Instant now) {
  obstacles_.publishing = std::move(reason);
  probe_at_ = now + probe_interval;
}

void Readiness::on_probed(Instant now) {
  probe_at_ = now + probe_interval;
}

}  // namespace regstream::broker
