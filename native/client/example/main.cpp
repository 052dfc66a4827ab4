// Follows one registration: prints its stages as they happen, then the outcome, and exits.

#include <array>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <regstream/client/registration_client.hpp>

namespace {

/// Makes text from others safe for a terminal, which obeys control characters. U+0080 to U+009F are
/// some of them.
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

class Follower final : public regstream::client::RegistrationHandler {
 public:
  Follower(boost::asio::io_context& context, std::string url, std::int64_t id)
      : id_(id),
        client_(context, {.url = std::move(url)}, {.seed = std::random_device{}()}, std::array{id},
                *this) {
    client_.connect();
  }

  [[nodiscard]] bool is_done() const { return client_.view(id_) && client_.view(id_)->is_final; }

  void on_message(const regstream::SessionMessage& message) override {
    if (message.kind == regstream::MessageKind::reset) {
      std::cerr << "updates may have been missed" << std::endl;
    } else if (!message.problem.empty()) {  // The skipped event may have been an update.
      std::cerr << message.problem << std::endl;
    }
    if (message.view_changed) {
      print(*client_.view(id_));
    }
  }

  /// The client reconnects by itself: this only reports it.
  void on_state(const regstream::StateChanged& change,
                const regstream::client::StreamFailure* failure) override {
    if (change.to == regstream::ConnectionState::open) {
      std::cout << "listening" << std::endl;
    } else if (failure != nullptr) {
      std::cerr << printable(failure->what) << std::endl;
    }
  }

 private:
  void print(const regstream::RegistrationView& view) {
    for (std::size_t index = 0; index < view.stages.size(); ++index) {
      const auto& stage = view.stages[index];
      if (index >= printed_.size() || stage != printed_[index]) {
        std::cout << printable(stage.name) << ": " << to_string(stage.status) << ", "
                  << printable(stage.message) << std::endl;
      }
    }
    printed_ = view.stages;
    if (view.is_final) {
      std::cout << printable(view.status) << ": " << printable(view.message) << std::endl;
      client_.close();  // Then the loop has nothing left to wait for.
    }
  }

  const std::int64_t id_;
  std::vector<regstream::StageView> printed_;
  regstream::client::RegistrationClient client_;
};

}  // namespace

int main(int argument_count, char** arguments) try {
  if (argument_count != 3) {
    throw std::invalid_argument("usage: follow_registration http://127.0.0.1:8080 42");
  }
  const std::string gateway = arguments[1];
  const std::string id = arguments[2];
  boost::asio::io_context context;
  const Follower follower(
      context, gateway + "/api/registrations/updates/stream?registrationId=" + id, std::stoll(id));
  context.run();
  return follower.is_done() ? 0 : 1;
} catch (const std::logic_error& mistake) {  // The URL or the number is malformed.
  std::cerr << mistake.what() << '\n';
  return 2;
}
