// SPDX-License-Identifier: Apache-2.0
#include "core/http/socket_transport.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/http/connection.hpp"
#include "core/http/connection_pool.hpp"
#include "core/http/egress.hpp"
#include "core/http/gzip.hpp"
#include "core/http/message.hpp"
#include "core/http/pipe_signal_guard.hpp"

namespace dovetail::http {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t head_chunk = std::size_t{16} << 10U;
constexpr std::size_t read_chunk = std::size_t{64} << 10U;
constexpr std::size_t largest_read = std::size_t{1} << 20U;
constexpr int max_interim_responses = 10;
// Bodies below this go out in one write with their head.
constexpr std::size_t small_body = std::size_t{32} << 10U;

Error cut_short() { return unavailable("the connection was closed before the answer was complete"); }

class WipedString {
public:
  explicit WipedString(std::string text) : text_(std::move(text)) {}
  WipedString(const WipedString&) = delete;
  WipedString& operator=(const WipedString&) = delete;
  WipedString(WipedString&&) = delete;
  WipedString& operator=(WipedString&&) = delete;
  ~WipedString() { wipe(text_.data(), text_.size()); }
  [[nodiscard]] std::string_view view() const noexcept { return text_; }

private:
  std::string text_;
};

// One request and its answer over one connection.
class Conversation {
public:
  Conversation(Connection& connection, const TransportRequest& request, const Patience& patience,
               const SocketOptions& options, ExchangeReport& report)
      : connection_(connection), request_(request), patience_(patience), options_(options), report_(report) {}

  Status send(const Proxy* proxy) {
    const bool through_proxy = proxy != nullptr && !request_.url.is_https();
    std::string head = format_head(request_, through_proxy, through_proxy ? proxy->authorization.reveal() : "");
    const bool together = request_.body.size() <= small_body;
    if (together && !request_.body.empty()) {
      std::string whole;
      whole.reserve(head.size() + request_.body.size());
      whole += head;
      whole += request_.body;
      wipe(head.data(), head.size());
      head = std::move(whole);
    }
    const WipedString bytes(std::move(head));
    DOVETAIL_TRY_STATUS(connection_.write_all(bytes.view(), patience_));
    return together ? Status{} : connection_.write_all(request_.body, patience_);
  }

  Result<ResponseHead> read_head() {
    input_.resize(head_chunk);
    for (int i = 0; i <= max_interim_responses; ++i) {
      DOVETAIL_TRY(auto head, read_one_head());
      if (head.status >= 200 || head.status == 101) {
        return head;
      }
    }
    return data_loss("the server sends interim responses without end");
  }

  [[nodiscard]] bool got_anything() const noexcept { return got_anything_; }

  // Reads the body into `out` as it is on the wire but for the framing; `limit` in bytes.
  Status read_body(const BodyFraming& framing, std::size_t limit, PageBuffer& out) {
    body_began_ = patience_.clock.monotonic_now();
    switch (framing.kind) {
    case BodyFraming::Kind::none:
      return {};
    case BodyFraming::Kind::length:
      return read_length(framing.length, limit, out);
    case BodyFraming::Kind::chunked:
      return read_chunked(limit, out);
    case BodyFraming::Kind::until_close:
      reusable_ = false;
      return read_until_close(limit, out);
    }
    return {};
  }

  // Whether the answer was read to its exact end, so that the next request may follow on the connection.
  [[nodiscard]] bool reusable() const noexcept { return reusable_ && begin_ == end_; }

private:
  [[nodiscard]] std::string_view pending() const noexcept { return {input_.data() + begin_, end_ - begin_}; }

  Result<ResponseHead> read_one_head() {
    while (true) {
      DOVETAIL_TRY(const std::size_t size, find_head_end(pending()));
      if (size != 0) {
        DOVETAIL_TRY(auto head, parse_head(pending().substr(0, size)));
        begin_ += size;
        return head;
      }
      if (end_ == input_.size()) {
        input_.resize(input_.size() * 2);
      }
      DOVETAIL_TRY(const std::size_t got, connection_.read_some(input_.data() + end_, input_.size() - end_, patience_));
      if (got == 0) {
        return cut_short();
      }
      got_anything_ = true;
      end_ += got;
    }
  }

  Error too_large(std::size_t limit) const {
    return out_of_range(fmt::format("the answer's body is larger than {} bytes; ask for smaller pages", limit));
  }

  // Moves what came along with the head; at most `most` bytes.
  void take_pending(std::size_t most, PageBuffer& out) {
    const auto bytes = pending().substr(0, most);
    out.append(bytes);
    begin_ += bytes.size();
    report_.wire_bytes += bytes.size();
  }

  Result<std::size_t> read_more(char* target, std::size_t size) {
    DOVETAIL_TRY(const std::size_t got, connection_.read_some(target, std::min(size, largest_read), patience_));
    report_.wire_bytes += got;
    const auto took = patience_.clock.monotonic_now() - body_began_;
    if (took > patience_.idle) {
      const auto seconds = std::chrono::duration<double>(took).count();
      if (static_cast<double>(report_.wire_bytes) < seconds * static_cast<double>(options_.min_bytes_per_second)) {
        return unavailable(
            fmt::format("the answer came too slowly: {} bytes in {:.0f} s", report_.wire_bytes, seconds));
      }
    }
    return got;
  }

  Status read_length(std::uint64_t length, std::size_t limit, PageBuffer& out) {
    if (length > limit) {
      return too_large(limit);
    }
    const auto wanted = static_cast<std::size_t>(length);
    if (wanted == 0) {
      return {};
    }
    static_cast<void>(out.prepare(wanted));
    take_pending(wanted, out);
    while (out.size() < wanted) {
      char* const target = out.prepare(wanted - out.size());
      DOVETAIL_TRY(const std::size_t got, read_more(target, wanted - out.size()));
      if (got == 0) {
        return cut_short();
      }
      out.commit(got);
    }
    return {};
  }

  Status read_until_close(std::size_t limit, PageBuffer& out) {
    take_pending(std::min(limit, pending().size()), out);
    while (true) {
      char* const target = out.prepare(read_chunk);
      DOVETAIL_TRY(const std::size_t got, read_more(target, out.capacity() - out.size()));
      if (got == 0) {
        return {};
      }
      if (got > limit - out.size()) {
        return too_large(limit);
      }
      out.commit(got);
    }
  }

  Status read_chunked(std::size_t limit, PageBuffer& out) {
    ChunkDecoder decoder;
    const auto decode = [&](std::string_view in) -> Status {
      std::size_t used = 0;
      char* const target = out.prepare(in.size());
      DOVETAIL_TRY(const std::size_t size, decoder.decode(in, target, used));
      if (size > limit - out.size()) {
        return too_large(limit);
      }
      out.commit(size);
      leftover_ = in.size() - used;
      return {};
    };
    report_.wire_bytes += pending().size();
    if (!pending().empty()) {
      DOVETAIL_TRY_STATUS(decode(pending()));
      begin_ = end_ - leftover_;
    }
    while (!decoder.done()) {
      // The framing is taken out where it was read: most of a page is moved by a few bytes at most.
      char* const target = out.prepare(read_chunk);
      DOVETAIL_TRY(const std::size_t got, read_more(target, out.capacity() - out.size()));
      if (got == 0) {
        return cut_short();
      }
      DOVETAIL_TRY_STATUS(decode({target, got}));
      reusable_ = leftover_ == 0;
    }
    return {};
  }

  Connection& connection_;
  const TransportRequest& request_;
  const Patience& patience_;
  const SocketOptions& options_;
  ExchangeReport& report_;
  std::vector<char> input_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t leftover_ = 0;
  MonotonicTime body_began_{};
  bool got_anything_ = false;
  bool reusable_ = true;
};

class SocketTransport final : public HttpTransport {
public:
  SocketTransport(SocketOptions options, std::unique_ptr<Connector> connector, Resolver& resolver, Clock& clock)
      : options_(std::move(options)), connector_(std::move(connector)), resolver_(resolver), clock_(clock),
        pool_(PoolOptions{.max_idle_per_origin = options_.max_idle_per_origin,
                          .max_idle = options_.max_idle,
                          .idle_timeout = options_.idle_timeout},
              clock) {}

  Result<TransportResponse> exchange(const TransportRequest& request, PageBufferPool& buffers,
                                     ExchangeReport& report) override {
    const PipeSignalGuard no_signal;
    const OpenSlot slot(open_);
    if (slot.number() > options_.max_open) {
      return unavailable(fmt::format("{} connections are open already", options_.max_open));
    }
    const Patience patience{.clock = clock_,
                            .cancellation = request.cancellation,
                            .end = clock_.monotonic_now() + request.timeouts.total,
                            .idle = request.timeouts.read};
    const Proxy* const proxy = options_.proxy.choose(request.url);
    const auto key = pool_key(request, proxy);
    if (auto kept = pool_.take(key)) {
      report.connection_reused = true;
      bool dead = false;
      auto answer = converse(std::move(kept), key, proxy, request, patience, buffers, report, dead);
      // The server may close an idle connection just when we write to it; that is no failure of the provider.
      if (!dead || !request.safe_to_repeat) {
        return answer;
      }
      report = {};
    }
    DOVETAIL_TRY(auto fresh, open(request, proxy, patience));
    bool dead = false;
    return converse(std::move(fresh), key, proxy, request, patience, buffers, report, dead);
  }

private:
  class OpenSlot {
  public:
    explicit OpenSlot(std::atomic<std::size_t>& count) : count_(count), number_(++count) {}
    OpenSlot(const OpenSlot&) = delete;
    OpenSlot& operator=(const OpenSlot&) = delete;
    OpenSlot(OpenSlot&&) = delete;
    OpenSlot& operator=(OpenSlot&&) = delete;
    ~OpenSlot() { --count_; }
    [[nodiscard]] std::size_t number() const noexcept { return number_; }

  private:
    std::atomic<std::size_t>& count_;
    std::size_t number_;
  };

  // Connections that were checked against different rules are never exchanged for one another.
  static std::string pool_key(const TransportRequest& request, const Proxy* proxy) {
    return fmt::format("{} {} {}", request.url.origin().to_string(),
                       proxy == nullptr ? "direct" : fmt::format("{}:{}", proxy->host, proxy->port),
                       request.allow_private_addresses ? "any" : "public");
  }

  Result<std::unique_ptr<Connection>> open(const TransportRequest& request, const Proxy* proxy,
                                           const Patience& patience) {
    const Patience opening{.clock = clock_,
                           .cancellation = request.cancellation,
                           .end = std::min(patience.end, clock_.monotonic_now() + request.timeouts.connect),
                           .idle = request.timeouts.connect};
    // The operator chose the proxy, so that its own address may be private.
    const auto& host = proxy == nullptr ? request.url.host() : proxy->host;
    const auto port = proxy == nullptr ? request.url.port() : proxy->port;
    Cancellation until{.stop = request.cancellation.stop, .deadline = opening.end};
    auto addresses = resolver_.resolve(host, until);
    if (!addresses.ok()) {
      DOVETAIL_TRY_STATUS(request.cancellation.check(clock_));
      return addresses.error().code == ErrorCode::deadline_exceeded
                 ? unavailable(fmt::format("the name {} was not resolved in time", host))
                 : std::move(addresses).error();
    }
    if (proxy == nullptr && !request.allow_private_addresses) {
      // One private address among public ones is refused as well: it is how a name is rebound.
      for (const auto& address : *addresses) {
        if (!address.is_public()) {
          return private_address_refused(host, address.to_string());
        }
      }
    }
    DOVETAIL_TRY(auto connection, connector_->open(host, *addresses, port, opening));
    if (!request.url.is_https()) {
      return connection;
    }
    if (proxy != nullptr) {
      DOVETAIL_TRY_STATUS(open_tunnel(*connection, *proxy, request.url, opening));
    }
    return connector_->secure(std::move(connection), request.url.host(), opening);
  }

  // RFC 9110 section 9.3.6
  static Status open_tunnel(Connection& connection, const Proxy& proxy, const Url& url, const Patience& patience) {
    const auto bracketed = url.host().find(':') == std::string::npos ? url.host() : "[" + url.host() + "]";
    const auto target = fmt::format("{}:{}", bracketed, url.port());
    std::string text;
    text.reserve(2 * target.size() + proxy.authorization.size() + 128);
    text += "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
    if (!proxy.authorization.empty()) {
      text += "Proxy-Authorization: ";
      text += proxy.authorization.reveal();
      text += "\r\n";
    }
    text += "\r\n";
    const WipedString request(std::move(text));
    DOVETAIL_TRY_STATUS(connection.write_all(request.view(), patience));
    std::string answer;
    std::array<char, 1024> chunk{};
    while (true) {
      DOVETAIL_TRY(const std::size_t size, find_head_end(answer));
      if (size != 0) {
        DOVETAIL_TRY(const auto head, parse_head(std::string_view(answer).substr(0, size)));
        if (head.status < 200 || head.status > 299) {
          return unavailable(fmt::format("the proxy {}:{} refused the way to {} with status {}", proxy.host, proxy.port,
                                         target, head.status));
        }
        return {};
      }
      DOVETAIL_TRY(const std::size_t got, connection.read_some(chunk.data(), chunk.size(), patience));
      if (got == 0) {
        return unavailable(fmt::format("the proxy {}:{} closed the connection", proxy.host, proxy.port));
      }
      answer.append(chunk.data(), got);
    }
  }

  // `dead`: the connection ended before the first byte of an answer.
  Result<TransportResponse> converse(std::unique_ptr<Connection> connection, const std::string& key, const Proxy* proxy,
                                     const TransportRequest& request, const Patience& patience, PageBufferPool& buffers,
                                     ExchangeReport& report, bool& dead) {
    Conversation conversation(*connection, request, patience, options_, report);
    report.request_sent = true;
    auto head = [&]() -> Result<ResponseHead> {
      DOVETAIL_TRY_STATUS(conversation.send(proxy));
      return conversation.read_head();
    }();
    if (!head.ok()) {
      dead = !conversation.got_anything() && head.error().code == ErrorCode::unavailable;
      return std::move(head).error();
    }
    DOVETAIL_TRY(const auto framing, body_framing(request.method, *head));
    TransportResponse answer;
    answer.status = head->status;
    answer.body = buffers.take();
    DOVETAIL_TRY_STATUS(read_decoded(conversation, framing, head->headers, request.bounds, buffers, answer.body));
    if (keeps_alive(*head) && conversation.reusable() && head->status != 101) {
      pool_.put(key, std::move(connection));
    }
    answer.headers = std::move(head->headers);
    return answer;
  }

  static Status read_decoded(Conversation& conversation, const BodyFraming& framing, const Headers& headers,
                             const Bounds& bounds, PageBufferPool& buffers, PageBuffer& out) {
    const auto encoding = headers.join("content-encoding");
    if (encoding.empty() || equals_ignoring_case(encoding, "identity") || framing.kind == BodyFraming::Kind::none) {
      return conversation.read_body(framing, bounds.max_body_bytes, out);
    }
    if (!equals_ignoring_case(encoding, "gzip") && !equals_ignoring_case(encoding, "x-gzip")) {
      return data_loss("the answer has a Content-Encoding other than gzip, which was not asked for");
    }
    PageBuffer compressed = buffers.take();
    DOVETAIL_TRY_STATUS(conversation.read_body(framing, bounds.max_compressed_bytes, compressed));
    return compressed.empty() ? Status{} : gunzip(compressed.view(), bounds, out);
  }

  const SocketOptions options_;
  const std::unique_ptr<Connector> connector_;
  Resolver& resolver_;
  Clock& clock_;
  ConnectionPool pool_;
  std::atomic<std::size_t> open_{0};
};

} // namespace

Result<std::unique_ptr<HttpTransport>> make_socket_transport(const SocketOptions& options, Resolver& resolver,
                                                             Clock& clock) {
  DOVETAIL_TRY(auto connector, make_connector(TlsOptions{.extra_ca_file = options.extra_ca_file}));
  return std::unique_ptr<HttpTransport>(
      std::make_unique<SocketTransport>(options, std::move(connector), resolver, clock));
}

} // namespace dovetail::http
