// Follows one registration: prints its stages as they happen, then the outcome, and ends.

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <regstream/client/stream_client.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>

namespace {

using regstream::RegistrationView;
using regstream::StreamMessage;
using regstream::StreamMessageType;
using regstream::Update;

/// Text of others, for a terminal: that obeys control characters, and U+0080 to U+009F are some.
std::string printable(std::string_view text) {
  std::string shown;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const auto byte = static_cast<unsigned char>(text[index]);
    const auto next = static_cast<unsigned char>(index + 1 < text.size() ? text[index + 1] : 0);
    const bool is_c1 = byte == 0xc2 && next >= 0x80 && next <= 0x9f;  // Two bytes of UTF-8.
    index += is_c1 ? 1 : 0;
    shown.push_back(byte < 0x20 || byte == 0x7f || is_c1 ? '?' : text[index]);
  }
  return shown;
}

class Follower final : public regstream::client::StreamHandler {
 public:
  Follower(boost::asio::io_context& context, std::string url, std::int64_t registration_id)
      : registration_(registration_id),
        client_(context, {.url = std::move(url)}, {.seed = std::random_device{}()}, *this) {
    client_.connect();
  }

  [[nodiscard]] const RegistrationView& view() const { return registration_.view(); }

  void on_event(const regstream::sse::Event& event) override {
    const auto message = regstream::decode_stream_message(event.data);
    if (const auto* const read = std::get_if<StreamMessage>(&message)) {
      take(*read);
      print_news();
    }
  }

  /// An event over the client's limits: an update may have been missed.
  void on_skipped(const regstream::sse::Skipped& skipped) override {
    registration_.mark_gap(regstream::Gap::missed_message);
    std::cerr << "an event was skipped: " << to_string(skipped.reason) << std::endl;
  }

  /// The client comes back by itself: this only tells.
  void on_state(const regstream::StateChanged& change,
                const regstream::client::StreamFailure* failure) override {
    if (change.to == regstream::ConnectionState::open) {
      std::cout << "listening" << std::endl;
    } else if (failure != nullptr) {
      std::cerr << printable(failure->what) << std::endl;
    }
  }

 private:
  void take(const StreamMessage& message) {
    if (message.type == StreamMessageType::update) {
      const auto update = regstream::decode_update(message.data);
      if (const auto* const read = std::get_if<Update>(&update)) {
        registration_.apply(*read);
      }
    } else if (message.type == StreamMessageType::snapshot) {  // What happened before we came.
      auto snapshot = regstream::decode_view(message.data);
      if (auto* const read = std::get_if<RegistrationView>(&snapshot)) {
        registration_.apply_snapshot(std::move(*read));
      }
    }
  }

  void print_news() {
    const auto& stages = view().stages;
    for (std::size_t index = 0; index < stages.size(); ++index) {
      const auto& stage = stages[index];
      if (index >= printed_.size() || stage != printed_[index]) {
        std::cout << printable(stage.name) << ": " << to_string(stage.status) << ", "
                  << printable(stage.message) << std::endl;
      }
    }
    printed_ = stages;
    if (view().is_final) {
      std::cout << printable(view().status) << ": " << printable(view().message) << std::endl;
      client_.close();  // Then the loop has nothing left to wait for.
    }
  }

  regstream::Registration registration_;
  std::vector<regstream::StageView> printed_;
  regstream::client::StreamClient client_;
};

}  // namespace

int main(int argument_count, char** arguments) {
  std::int64_t id = 0;
  const std::string_view id_text = argument_count == 3 ? arguments[2] : "";
  const auto [end, error] = std::from_chars(id_text.data(), id_text.data() + id_text.size(), id);
  if (error != std::errc() || end != id_text.data() + id_text.size()) {
    std::cerr << "usage: follow_registration GATEWAY ID, such as http://127.0.0.1:8080 42\n";
    return 2;
  }
  try {
    boost::asio::io_context context;
    const Follower follower(
        context,
        std::string(arguments[1]) +
            "/api/registrations/updates/stream?registrationId=" + std::string(id_text),
        id);
    context.run();
    return follower.view().is_final ? 0 : 1;
  } catch (const std::invalid_argument& mistake) {  // A gateway that is no URL.
    std::cerr << mistake.what() << '\n';
    return 2;
  }
}
