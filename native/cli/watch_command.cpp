#include "cli/watch_command.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <regstream/client/registration_client.hpp>

#include "cli/exit_code.hpp"
#include "cli/instance_options.hpp"
#include "cli/stream_options.hpp"
#include "cli/terminal.hpp"
#include "client/http_url.hpp"
#include "watch/frame.hpp"
#include "watch/instances.hpp"
#include "watch/lines.hpp"
#include "watch/outcome.hpp"
#include "watch/redraw.hpp"

namespace regstream::cli {

namespace asio = boost::asio;

namespace {

using Clock = std::chrono::steady_clock;

/// A signal's exit code is this and its number, as shells report it.
constexpr int signal_code = 128;

struct WatchOptions {
  StreamOptions stream;
  InstanceOptions instance;
};

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets one.
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

/// Frames need a terminal that understands control sequences. NO_COLOR (no-color.org) turns them
/// off.
bool draws_frames() {
  return isatty(STDOUT_FILENO) == 1 && variable("NO_COLOR").empty() && !variable("TERM").empty() &&
         variable("TERM") != "dumb";
}

/// By the locale's name: LC_ALL, else LC_CTYPE, else LANG (POSIX.1-2017, 8.2).
bool is_utf8_locale() {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view locale = variable(name);
    if (!locale.empty()) {
      return locale.find("UTF-8") != std::string_view::npos ||
             locale.find("utf8") != std::string_view::npos;
    }
  }
  return false;
}

std::int64_t read_wall_clock() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

watch::Terminal read_terminal() {
  watch::Terminal terminal{
      .rows = 24, .is_utf8 = is_utf8_locale(), .now_ms = read_wall_clock(), .utc_offset = {}};
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0) {
    terminal.rows = size.ws_row;
  }
  const auto seconds = static_cast<std::time_t>(terminal.now_ms / 1'000);
  std::tm local{};
  if (localtime_r(&seconds, &local) != nullptr) {
    terminal.utc_offset = std::chrono::seconds{local.tm_gmtoff};
  }
  return terminal;
}

/// If the URL has no path, the workflow's stream path is added.
std::string stream_url(const std::string& url, const Workflow& workflow) {
  const auto read = client::parse_http_url(url);
  const auto* const parts = std::get_if<client::HttpUrl>(&read);
  if (parts == nullptr || parts->target != "/") {
    return url;
  }
  return (parts->is_secure ? "https://" : "http://") + parts->host_field + workflow.stream_path;
}

client::StreamRequest request_of(const WatchOptions& options, const Workflow& workflow) {
  client::StreamRequest request = stream_request(options.stream);
  request.url = stream_url(request.url, workflow);
  return request;
}

std::span<const InstanceId> ids_of(const std::optional<InstanceId>& id) {
  return id ? std::span(&*id, 1) : std::span<const InstanceId>();
}

/// The shell: the stream's client, a timer, signals and the terminal. native/watch decides what to
/// show, and when.
class Watcher final : public client::RegistrationHandler {
 public:
  Watcher(asio::io_context& context, const WatchOptions& options, const Workflow& workflow,
          const std::optional<InstanceId>& id)
      : workflow_(workflow),
        id_(id),
        instances_(workflow),
        signals_(context, SIGINT, SIGTERM),
        timer_(context),
        client_(context, request_of(options, workflow), stream_client_options(options.stream),
                workflow, ids_of(id), *this) {
    if (id) {
      view_.registration_id = id->number;
      view_.text_id = id->text;
    }
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (!error) {
        end(id_ ? signal_code + signal : 0);
      }
    });
    client_.connect();
    changed();
  }

  [[nodiscard]] int exit_code() const { return exit_code_; }

  /// Why the server gives no stream; empty: it gave one.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

  void on_state(const StateChanged& change, const client::StreamFailure* failure) override {
    const bool was_connected = link_.is_connected;
    link_.state = change.to;
    link_.is_connected = change.is_connected;
    link_.was_connected = link_.was_connected || change.is_connected;
    if (failure != nullptr || change.is_connected) {
      link_.problem = failure == nullptr ? std::string{} : failure->what;
    }
    const std::string line =
        watch::line_of_state(change, was_connected, link_.problem, read_wall_clock());
    if (!line.empty()) {
      print(line);
    }
    if (change.to == ConnectionState::closed) {
      on_closed(change.reason);
    }
    changed();
  }

  void on_message(const SessionMessage& message) override {
    if (is_gap(message.kind)) {
      ++link_.resets;
      print(watch::line_of_gap(message.problem, read_wall_clock()));
      changed();
    }
    if (id_) {
      show_one(message);
    } else {
      show_any(message);
    }
  }

 private:
  static bool is_gap(MessageKind kind) {
    return kind == MessageKind::reset || kind == MessageKind::malformed ||
           kind == MessageKind::too_large;
  }

  void show_one(const SessionMessage& message) {
    const RegistrationView* const view = message.view_changed ? client_.view(*id_) : nullptr;
    if (view == nullptr) {
      return;
    }
    print_change(view_, *view);
    view_ = *view;
    changed();
    if (const auto outcome = watch::outcome_of(view_, workflow_)) {
      end(static_cast<int>(*outcome));
    }
  }

  void show_any(const SessionMessage& message) {
    if (is_gap(message.kind)) {
      instances_.mark_gap(message.kind == MessageKind::reset ? Gap::lost_history
                                                             : Gap::missed_message);
    } else if (message.content != nullptr) {
      if (const auto moved = instances_.apply(*message.content)) {
        print_change(moved->before, moved->after);
        changed();
      }
    }
  }

  void print_change(const RegistrationView& before, const RegistrationView& after) {
    if (!has_frames_) {
      for (const std::string& line :
           watch::lines_of_change(before, after, workflow_, read_wall_clock())) {
        print(line);
      }
    }
  }

  void print(const std::string& line) {
    if (!has_frames_) {
      write(line + '\n');
    }
  }

  /// At once: people watch.
  void write(const std::string& text) {
    std::cout << text << std::flush;
    if (!std::cout) {
      end(signal_code + SIGPIPE);  // Nobody reads any longer: `regstream watch | head`.
    }
  }

  void on_closed(ConnectionReason reason) {
    if (const auto outcome = watch::outcome_of(reason)) {
      exit_code_ = static_cast<int>(*outcome);
      refusal_ = link_.problem.empty() ? std::string{to_string(reason)} : link_.problem;
    }
    is_over_ = true;
    signals_.cancel();  // Then the loop has nothing left to wait for.
  }

  void end(int exit_code) {
    if (!is_over_) {
      exit_code_ = exit_code;
      client_.close();
    }
  }

  void changed() {
    if (has_frames_) {
      redraw_.changed(now());
      if (is_over_) {
        draw();  // The last one stays.
      } else {
        arm();
      }
    }
  }

  void arm() {
    const auto deadline = redraw_.next_deadline();
    if (!deadline || is_over_) {
      return;
    }
    timer_.expires_at(Clock::time_point{deadline->time_since_epoch()});
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) {
        draw();
      }
    });
  }

  void draw() {
    timer_.cancel();
    const watch::Terminal terminal = read_terminal();
    const watch::Frame frame = id_ ? watch::frame_of_one(view_, workflow_, link_, terminal)
                                   : watch::frame_of_all(instances_, workflow_, link_, terminal);
    write(watch::text_of_frame(frame, lines_drawn_));
    lines_drawn_ = frame.size();
    redraw_.drawn(now(), id_ ? watch::is_running(view_) : watch::is_any_running(instances_));
    arm();
  }

  [[nodiscard]] static Instant now() {
    return Instant{std::chrono::duration_cast<Duration>(Clock::now().time_since_epoch())};
  }

  const Workflow& workflow_;
  const std::optional<InstanceId>& id_;
  watch::Link link_;
  RegistrationView view_;       ///< Of `id_`.
  watch::Instances instances_;  ///< Without `id_`.
  watch::Redraw redraw_;
  std::size_t lines_drawn_ = 0;
  const bool has_frames_ = draws_frames();
  bool is_over_ = false;
  int exit_code_ = 0;
  std::string refusal_;
  asio::signal_set signals_;
  asio::steady_timer timer_;
  client::RegistrationClient client_;
};

int run(const WatchOptions& options) {
  asio::io_context context(1);
  try {
    const Workflow workflow = workflow_of(options.instance);
    const std::optional<InstanceId> id = instance_of(options.instance, workflow);
    const Watcher watcher(context, options, workflow, id);
    context.run();
    if (!watcher.refusal().empty()) {
      complain("watch", "the server gives no stream: " + watcher.refusal());
    }
    return watcher.exit_code();
  } catch (const std::invalid_argument& error) {
    complain("watch", error.what());
    return usage_code;
  }
}

}  // namespace

void add_watch_command(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand(
      "watch",
      "Show the live progress of one instance of a workflow, such as a registration; without an "
      "id, of all that move. On a terminal the stages are redrawn in place, with colours; "
      "elsewhere, and with NO_COLOR, each change is a line. Exits with 0 at a final status, with 1 "
      "at a status that the workflow calls failed, and with 2 if the server refuses the stream");
  const auto options = std::make_shared<WatchOptions>();
  options->stream.url = "http://127.0.0.1:8080";
  add_stream_options(*command, options->stream)
      ->description("https:// or http:// URL of a gateway, or of its stream")
      ->capture_default_str();
  add_instance_options(*command, options->instance);
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace regstream::cli
