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

#include <regstream/client/registration_client.hpp>
#include <regstream/message/codec.hpp>

#include "fingerprint.hpp"

namespace {

namespace asio = boost::asio;
using regstream::MessageKind;
using regstream::SessionMessage;

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

std::vector<std::int64_t> followed(std::int64_t registration_id) {
  return registration_id == 0 ? std::vector<std::int64_t>{} : std::vector{registration_id};
}

class Client final : public regstream::client::RegistrationHandler {
 public:
  Client(asio::io_context& context, const ClientLine& line, Observations& observations)
      : name_(line.name),
        registration_id_(line.registration_id),
        observations_(observations),
        delay_(context, std::chrono::milliseconds(line.delay_ms)),
        client_(context, request(line.url), client_options(line.seed),
                followed(line.registration_id), *this) {
    delay_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) {
        client_.connect();
      }
    });
  }

  /// Says what it shows. That updates may have been missed is not in the history: it stands beside
  /// the rest.
  void tell_view() {
    const auto* const known = client_.view(registration_id_);
    if (known != nullptr && known->id) {
      regstream::RegistrationView view = *known;
      view.has_gap = false;
      add("view " + to_string(*view.id) + ' ' + fingerprint(regstream::encode_view(view)) +
          (known->has_gap ? " gap" : " whole"));
    }
  }

  void on_message(const SessionMessage& message) override {
    const std::string id(message.last_event_id);
    switch (message.kind) {
      case MessageKind::connected:
        return add("connected " + id);
      case MessageKind::update:
        return add("update " + id + ' ' + std::to_string(message.content->update.registration_id) +
                   ' ' + fingerprint(message.content->data));
      case MessageKind::reset:
        return add("reset " + id);
      case MessageKind::snapshot:
        return tell_snapshot(id, message.content->data);
      case MessageKind::ping:
        return;
      case MessageKind::end:
      case MessageKind::token_expiring:
      case MessageKind::other:
        return add("malformed a message that it did not ask for");
      case MessageKind::malformed:
      case MessageKind::too_large:
        return add("malformed " + std::string(message.problem));
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

  void tell_snapshot(const std::string& id, std::string_view json) {
    const auto decoded = regstream::decode_view(json);
    const auto* const view = std::get_if<regstream::RegistrationView>(&decoded);
    if (view == nullptr || !view->id) {
      return add("malformed a snapshot without an id");
    }
    add("snapshot " + id + ' ' + to_string(*view->id) + ' ' + fingerprint(json));
  }

  const std::string name_;
  const std::int64_t registration_id_;
  Observations& observations_;
  asio::steady_timer delay_;
  regstream::client::RegistrationClient client_;
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
