// Several hundred clients of the stream in one process, by the public client library. Each line of
// the input is one:
//
//     NAME SEED DELAY REGISTRATION URL
//
// with the milliseconds after which it comes, and a registration of 0 for all of them.
// Everything that they see goes to the file that is the program's argument, a line each, as
// observations.ts reads it. SIGTERM makes each of them say what it shows, and ends them.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <regstream/client/stream_client.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>

#include "fingerprint.hpp"

namespace {

namespace asio = boost::asio;
using regstream::StreamMessage;
using regstream::StreamMessageType;

/// What was observed, each line with its time. Written now and then: a write for each line would be
/// what takes longest.
class Observations {
 public:
  Observations(asio::io_context& context, const char* path)
      : file_(path, std::ios::binary), timer_(context) {
    if (!file_) {
      throw std::runtime_error(std::string("can't write to ") + path);
    }
    write_later();
  }

  void add(std::string_view client, std::string_view what) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    lines_ += std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    lines_ += ' ';
    lines_ += client;
    lines_ += ' ';
    lines_ += what;
    lines_ += '\n';
  }

  void write() {
    file_ << lines_ << std::flush;
    lines_.clear();
  }

 private:
  void write_later() {
    timer_.expires_after(std::chrono::milliseconds(20));
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) {
        write();
        write_later();
      }
    });
  }

  std::ofstream file_;
  std::string lines_;
  asio::steady_timer timer_;
};

struct ClientLine {
  std::string name;
  std::uint64_t seed = 0;
  std::int64_t delay_ms = 0;
  std::int64_t registration_id = 0;
  std::string url;
};

regstream::client::StreamClientOptions client_options(std::uint64_t seed) {
  regstream::client::StreamClientOptions options;
  options.seed = seed;
  // A run has seconds for what happens in hours elsewhere: its gateways ping every second, and what
  // is left of a fault must not lengthen the next one's backoff.
  options.connection.ping_interval = regstream::Duration(1'000);
  options.connection.connect_timeout = regstream::Duration(5'000);
  options.connection.stable_after = regstream::Duration(1'000);
  return options;
}

regstream::client::StreamRequest request(const std::string& url) {
  regstream::client::StreamRequest result;
  result.url = url;
  return result;
}

class Client final : public regstream::client::StreamHandler {
 public:
  Client(asio::io_context& context, const ClientLine& line, Observations& observations)
      : name_(line.name),
        registration_id_(line.registration_id),
        observations_(observations),
        delay_(context, std::chrono::milliseconds(line.delay_ms)),
        client_(context, request(line.url), client_options(line.seed), *this) {
    delay_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) {
        client_.connect();
      }
    });
  }

  /// Says what it shows.
  void tell_view() {
    if (registration_ && registration_->view().id) {
      const auto& view = registration_->view();
      add("view " + to_string(*view.id) + ' ' + fingerprint(regstream::encode_view(view)));
    }
  }

  void on_event(const regstream::sse::Event& event) override {
    const auto decoded = regstream::decode_stream_message(event.data);
    const auto* const message = std::get_if<StreamMessage>(&decoded);
    if (message == nullptr) {
      add("malformed " + std::get<regstream::DecodeError>(decoded).what);
      return;
    }
    switch (message->type) {
      case StreamMessageType::connected:
        return add("connected " + std::string(event.last_event_id));
      case StreamMessageType::update:
        return take_update(event.last_event_id, message->data);
      case StreamMessageType::reset:
        registration_.reset();
        return add("reset " + std::string(event.last_event_id));
      case StreamMessageType::snapshot:
        return take_snapshot(event.last_event_id, message->data);
      case StreamMessageType::ping:
        return;
      case StreamMessageType::other:
        return add("malformed a message of no known type");
    }
  }

  void on_state(const regstream::StateChanged& change,
                const regstream::client::StreamFailure* failure) override {
    std::string line(to_string(change.to));
    if (failure != nullptr) {
      line += ' ' + failure->what;
    }
    add(line);
  }

 private:
  void add(std::string_view what) { observations_.add(name_, what); }

  void take_update(std::string_view id, std::string_view json) {
    const auto decoded = regstream::decode_update(json);
    const auto* const update = std::get_if<regstream::Update>(&decoded);
    if (update == nullptr) {
      return add("malformed " + std::get<regstream::DecodeError>(decoded).what);
    }
    if (registration_id_ != 0) {
      if (!registration_) {
        registration_.emplace(registration_id_);
      }
      registration_->apply(*update);
    }
    add("update " + std::string(id) + ' ' + std::to_string(update->registration_id) + ' ' +
        fingerprint(json));
  }

  void take_snapshot(std::string_view id, std::string_view json) {
    auto decoded = regstream::decode_view(json);
    auto* const view = std::get_if<regstream::RegistrationView>(&decoded);
    if (view == nullptr || !view->id) {
      return add("malformed a snapshot that can't be read");
    }
    add("snapshot " + std::string(id) + ' ' + to_string(*view->id) + ' ' + fingerprint(json));
    registration_.emplace(registration_id_);
    registration_->apply_snapshot(std::move(*view));
  }

  const std::string name_;
  const std::int64_t registration_id_;
  Observations& observations_;
  std::optional<regstream::Registration> registration_;  // Empty: nothing is known.
  asio::steady_timer delay_;
  regstream::client::StreamClient client_;
};

std::vector<ClientLine> read_clients() {
  std::vector<ClientLine> clients;
  for (std::string text; std::getline(std::cin, text);) {
    ClientLine line;
    if (!(std::istringstream(text) >> line.name >> line.seed >> line.delay_ms >>
          line.registration_id >> line.url)) {
      throw std::runtime_error("not a client: " + text);
    }
    clients.push_back(std::move(line));
  }
  return clients;
}

void run(const char* path) {
  asio::io_context context(1);
  Observations observations(context, path);
  std::vector<std::unique_ptr<Client>> clients;
  for (const ClientLine& line : read_clients()) {
    clients.push_back(std::make_unique<Client>(context, line, observations));
  }
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) {
      for (const auto& client : clients) {
        client->tell_view();
      }
      observations.write();
      context.stop();
    }
  });
  std::cout << clients.size() << " clients" << std::endl;
  context.run();
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::cerr << "usage: stream_clients OBSERVATIONS < CLIENTS\n";
    return 2;
  }
  try {
    run(arguments[1]);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
