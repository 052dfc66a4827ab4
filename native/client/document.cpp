#include "client/document.hpp"

#include <chrono>
#include <exception>
#include <memory>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "client/answer_head.hpp"
#include "client/attempt.hpp"
#include "client/http_url.hpp"
#include "client/response_fields.hpp"
#include "client/trust.hpp"

namespace regstream::client {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

bool is_this_machine(const HttpUrl& url) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(url.host, error);
  return error ? url.host == "localhost" : address.is_loopback();
}

std::variant<HttpUrl, UrlProblem> read_document_url(std::string_view text) {
  auto url = parse_http_url(text);
  const auto* const read = std::get_if<HttpUrl>(&url);
  if (read != nullptr && !read->is_secure && !is_this_machine(*read)) {
    return UrlProblem{
        "only an https:// URL, or an http:// URL of this machine, can be trusted here"};
  }
  return url;
}

/// One fetch. Its pending operations keep it alive.
class DocumentFetch final : public Attempt::Owner,
                            public std::enable_shared_from_this<DocumentFetch> {
 public:
  DocumentFetch(asio::io_context& context, DocumentRequest request, HttpUrl url,
                DocumentHandler fetched)
      : context_(context),
        timer_(context),
        limits_(request.limits),
        url_(std::move(url)),
        trust_(request.ca_file),
        fetched_(std::move(fetched)) {
    request_.headers = {{"Accept", std::move(request.accept)}};
  }

  void start() {
    StreamLimits limits;
    limits.redirects_max = url_.is_secure ? limits_.redirects_max : 0;
    attempt_ = std::make_shared<Attempt>(context_, *this, AttemptId{}, request_, url_, trust_,
                                         limits, std::string());
    timer_.expires_after(std::chrono::milliseconds(limits_.time_max));
    timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled) {
        self->fail(self->url_.shown() + " did not answer in time");
      }
    });
    attempt_->start();
  }

  void on_answer(AttemptId /*attempt*/, const AnswerHead& answer) override {
    if (answer.redirect_problem) {
      fail(*answer.redirect_problem);
    } else if (answer.status != 200) {
      fail(answer.url.shown() + " answered with status " + std::to_string(answer.status));
    } else if (const auto coding = unreadable_coding(answer.fields)) {
      fail(answer.url.shown() + " answered in the coding " + in_quotes(*coding) +
           ", which this client can't decode");
    } else {
      document_.max_age = parse_max_age(answer.fields[http::field::cache_control]);
    }
  }

  void on_bytes(AttemptId /*attempt*/, std::string_view bytes) override {
    if (bytes.size() > limits_.bytes_max - document_.body.size()) {
      fail(url_.shown() + " answered with more than " + std::to_string(limits_.bytes_max) +
           " bytes");
    } else {
      document_.body.append(bytes);
    }
  }

  void on_end(AttemptId /*attempt*/, TransportEnd end, StreamFailure failure) override {
    if (end == TransportEnd::ended) {
      finish(std::move(document_));
    } else {
      fail(std::move(failure.what));
    }
  }

 private:
  void fail(std::string what) { finish(DocumentFailure{std::move(what)}); }

  /// The attempt calls nothing more after this, so there is only one result.
  void finish(DocumentResult result) {
    const auto self = shared_from_this();
    timer_.cancel();
    attempt_->cancel();
    std::exchange(fetched_, nullptr)(std::move(result));
  }

  asio::io_context& context_;
  asio::steady_timer timer_;
  DocumentLimits limits_;
  StreamRequest request_;
  HttpUrl url_;
  Trust trust_;
  DocumentHandler fetched_;
  Document document_;
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace

std::optional<std::string> document_url_problem(std::string_view url) {
  const auto read = read_document_url(url);
  const auto* const problem = std::get_if<UrlProblem>(&read);
  return problem == nullptr ? std::nullopt : std::optional(problem->what);
}

void fetch_document(asio::io_context& context, DocumentRequest request, DocumentHandler fetched) {
  DocumentFailure failure;
  auto url = read_document_url(request.url);
  if (auto* const problem = std::get_if<UrlProblem>(&url)) {
    failure.what = std::move(problem->what);
  } else {
    try {
      std::make_shared<DocumentFetch>(context, std::move(request),
                                      std::get<HttpUrl>(std::move(url)), fetched)
          ->start();
      return;
    } catch (const std::exception& error) {
      failure.what = error.what();
    }
  }
  asio::post(context,
             [fetched = std::move(fetched), failure = std::move(failure)] { fetched(failure); });
}

}  // namespace regstream::client
