#include "simulation/stream.hpp"

#include <algorithm>
#include <utility>

namespace regstream::simulation {
namespace {

/// `TCP_USER_TIMEOUT` of the gateway's sockets.
const Duration unacknowledged_max = hub::HubOptions{}.peer_timeout();

/// How much a slow reader reads at a time, and how often.
constexpr std::size_t slow_bytes = 10'000;
constexpr Duration slow_interval{700};

}  // namespace

Stream::Stream(World& world, const FaultPlan& plan, StreamReader& reader, AttemptId attempt,
               Network network, StreamRequest request)
    : world_(world),
      chance_(world.seed()),
      plan_(plan),
      reader_(&reader),
      attempt_(attempt),
      network_(network),
      request_(std::move(request)) {}

void Stream::open(StreamWriter& writer) {
  world_.after(chance_.between({}, plan_.delay_max * 2), [self = shared_from_this(), &writer] {
    // The stream was closed, lost or broken before its request reached the gateway.
    if (self->reader_ == nullptr || self->is_half_open_ || self->end_) {
      return;
    }
    self->writer_ = &writer;
    if (!writer.accept(self)) {
      self->world_.count(Situation::attempt_failed);
      self->writer_ = nullptr;
      self->end_ = TransportEnd::failed;
      self->plan_delivery();
    }
  });
}

void Stream::respond(const ResponseHead& head) {
  head_ = head;
  plan_delivery();
}

std::size_t Stream::write(std::string_view bytes) {
  if (end_) {
    return bytes.size();  // The connection is broken, but the gateway doesn't know yet.
  }
  // A network that holds responses back takes all bytes.
  const std::size_t room =
      network_.holds_back
          ? bytes.size()
          : plan_.send_buffer_bytes - std::min(plan_.send_buffer_bytes, bytes_.size());
  const std::size_t taken = std::min(room, bytes.size());
  bytes_.append(bytes.substr(0, taken));
  waits_for_room_ = taken < bytes.size();
  if (waits_for_room_) {
    world_.count(Situation::buffer_filled);
  }
  if (is_half_open_ && taken > 0 && !std::exchange(is_timeout_planned_, true)) {
    close_at_gateway(unacknowledged_max);
  }
  plan_delivery();
  return taken;
}

void Stream::write_later() {
  waits_for_room_ = true;
  offer_room();
}

void Stream::offer_room() {
  world_.after(Duration{0}, [self = shared_from_this()] {
    if (std::exchange(self->waits_for_room_, false) && self->writer_ != nullptr) {
      self->writer_->on_writable(*self);
    }
  });
}

void Stream::finish() {
  writer_ = nullptr;
  end_ = end_.value_or(TransportEnd::ended);
  plan_delivery();
}

void Stream::abandon(bool tells) {
  writer_ = nullptr;
  if (!tells) {
    is_half_open_ = true;
  } else {
    if (chance_.chance(500)) {
      head_.reset();
      bytes_.clear();
    }
    end_ = TransportEnd::failed;
    plan_delivery();
  }
}

void Stream::close() {
  reader_ = nullptr;
  bytes_.clear();
  if (is_half_open_) {
    if (waits_for_room_ && !std::exchange(is_timeout_planned_, true)) {
      close_at_gateway(unacknowledged_max);
    }
    return;
  }
  close_at_gateway(std::max(chance_.between({}, plan_.delay_max), stalled_until_ - world_.now()));
}

void Stream::reset() {
  if (is_half_open_) {
    return;
  }
  head_.reset();
  bytes_.clear();
  end_ = TransportEnd::failed;
  close_at_gateway(chance_.between({}, plan_.delay_max));
  plan_delivery();
}

void Stream::stall(Duration span) {
  stalled_until_ = std::max(stalled_until_, world_.now() + span);
}

void Stream::lose_peer() {
  is_half_open_ = true;
  if ((waits_for_room_ || !bytes_.empty()) && !std::exchange(is_timeout_planned_, true)) {
    close_at_gateway(unacknowledged_max);
  }
}

void Stream::close_at_gateway(Duration delay) {
  world_.after(delay, [self = shared_from_this()] {
    if (auto* const writer = std::exchange(self->writer_, nullptr)) {
      if (self->is_timeout_planned_) {
        self->world_.count(Situation::dead_peer_dropped);
      }
      writer->on_peer_closed(*self);
    }
  });
}

void Stream::plan_delivery() {
  if (std::exchange(is_delivery_planned_, true)) {
    return;
  }
  Duration delay = chance_.between({}, plan_.delay_max);
  if (network_.is_slow) {
    delay += slow_interval;
  }
  delay = std::max(delay, stalled_until_ - world_.now());
  world_.after(delay, [self = shared_from_this()] { self->deliver(); });
}

void Stream::deliver() {
  is_delivery_planned_ = false;
  if (reader_ == nullptr || is_half_open_ || (network_.holds_back && !end_)) {
    return;
  }
  if (world_.now() < stalled_until_) {
    plan_delivery();
    return;
  }
  if (head_) {
    const ResponseHead head = *std::exchange(head_, std::nullopt);
    plan_delivery();
    reader_->on_response(attempt_, head);
  } else if (!bytes_.empty()) {
    std::size_t size = network_.is_slow ? std::min(bytes_.size(), slow_bytes) : bytes_.size();
    if (network_.is_slow) {
      world_.count(Situation::delivery_slowed);
    } else if (chance_.chance(plan_.split_per_mille)) {
      size = 1 + chance_.index(size);
      world_.count(Situation::delivery_cut);
    }
    const std::string bytes = bytes_.substr(0, size);
    bytes_.erase(0, size);
    if (!bytes_.empty() || end_) {
      plan_delivery();
    }
    if (waits_for_room_) {
      offer_room();
    }
    reader_->on_bytes(attempt_, bytes);
  } else if (end_) {
    auto* const reader = std::exchange(reader_, nullptr);
    reader->on_end(attempt_, *end_);
  }
}

}  // namespace regstream::simulation
