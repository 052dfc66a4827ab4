// Follows one registration: prints its stages as they happen, then the outcome, and exits.

#include <array>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <random>
#include <regex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <regstream/client/registration_client.hpp>

namespace {

/// Makes text from others safe for a terminal, which obeys control characters. U+0080 to U+009F are
/// some of them.
std::string printable(const std::string& text) {
  static const std::regex control("[\x01-\x1f\x7f]|\xc2[\x80-\x9f]");
  return std::regex_replace(text, control, "?");
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
      client_.close();  // The loop has nothing left to wait for, and ends.
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
  const std::string stream = "/api/registrations/updates/stream";
  boost::asio::io_context context;
  const Follower follower(context, arguments[1] + stream, std::stoll(arguments[2]));
  context.run();
  return follower.is_done() ? 0 : 1;
} catch (const std::logic_error& mistake) {  // The URL or the number is malformed.
  std::cerr << mistake.what() << '\n';
  return 2;
}
