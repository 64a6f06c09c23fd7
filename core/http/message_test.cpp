// SPDX-License-Identifier: Apache-2.0
#include "core/http/message.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/base/limits.hpp"
#include "core/base/random.hpp"

namespace dovetail::http {
namespace {

ResponseHead head_of(const std::string& fields) {
  auto head = parse_head("HTTP/1.1 200 OK\r\n" + fields + "\r\n");
  EXPECT_TRUE(head.ok());
  return std::move(head).value();
}

// Feeds a body in pieces of `piece` bytes, in place, as the transport does.
Result<std::string> unchunk(const std::string& body, std::size_t piece, std::size_t* rest = nullptr) {
  ChunkDecoder decoder;
  std::string out;
  for (std::size_t at = 0; at < body.size() && !decoder.done();) {
    std::string part = body.substr(at, piece);
    std::size_t used = 0;
    DOVETAIL_TRY(const std::size_t size, decoder.decode(part, part.data(), used));
    out += part.substr(0, size);
    at += used;
    if (rest != nullptr) {
      *rest = body.size() - at;
    }
  }
  if (!decoder.done()) {
    return unavailable("cut");
  }
  return out;
}

TEST(Message, FindsTheEndOfTheHead) {
  EXPECT_EQ(find_head_end("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody").value(), 25U);
  EXPECT_EQ(find_head_end("HTTP/1.1 200 OK\nA: b\n\nbody").value(), 22U);
  EXPECT_EQ(find_head_end("HTTP/1.1 200 OK\r\nA: b\r\n").value(), 0U);
  EXPECT_EQ(find_head_end(std::string(limits::max_header_bytes, 'x')).error().code, ErrorCode::out_of_range);
}

TEST(Message, ReadsAHead) {
  const auto head =
      parse_head("HTTP/1.1 304 Not Modified\r\nETag: W/\"a\"\r\nX-Empty:\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n");
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->status, 304);
  EXPECT_EQ(head->minor_version, 1);
  EXPECT_EQ(head->headers.size(), 4U);
  EXPECT_EQ(head->headers.find("x-empty"), "");
  EXPECT_EQ(parse_head("HTTP/1.0 200\r\n\r\n")->minor_version, 0);
}

TEST(Message, RefusesWhatIsNotHttp) {
  for (const std::string text :
       {"", "\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n", "SSH-2.0-x\r\n\r\n", "<html>\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\n: v\r\n\r\n", "HTTP/1.1 200 OK\r\nA : v\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n"}) {
    const auto head = parse_head(text);
    ASSERT_FALSE(head.ok()) << text;
    EXPECT_EQ(head.error().code, ErrorCode::data_loss) << text;
    EXPECT_EQ(head.error().retry, RetryClass::transient) << text;
  }
}

TEST(Message, BoundsTheHeaders) { // HTTP-5
  std::string flood = "HTTP/1.1 200 OK\r\n";
  for (std::size_t i = 0; i <= limits::max_headers; ++i) {
    flood += "a: b\r\n";
  }
  EXPECT_EQ(parse_head(flood + "\r\n").error().code, ErrorCode::out_of_range);
}

TEST(Message, FindsHowTheBodyEnds) {
  using Kind = BodyFraming::Kind;
  EXPECT_EQ(body_framing("GET", head_of("Content-Length: 5\r\n"))->length, 5U);
  EXPECT_EQ(body_framing("GET", head_of("Content-Length: 5\r\nContent-Length: 5\r\n"))->length, 5U);
  EXPECT_EQ(body_framing("GET", head_of("Transfer-Encoding: Chunked\r\n"))->kind, Kind::chunked);
  EXPECT_EQ(body_framing("GET", head_of(""))->kind, Kind::until_close);
  EXPECT_EQ(body_framing("HEAD", head_of("Content-Length: 5\r\n"))->kind, Kind::none);
  ResponseHead not_modified = head_of("Content-Length: 5\r\n");
  not_modified.status = 304;
  EXPECT_EQ(body_framing("GET", not_modified)->kind, Kind::none);
}

TEST(Message, RefusesContradictoryLengths) { // HTTP-5: request smuggling
  for (const std::string fields :
       {"Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: -1\r\n", "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n", "Content-Length: 99999999999999999999999\r\n", "Content-Length: \r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity\r\n"}) {
    EXPECT_FALSE(body_framing("GET", head_of(fields)).ok()) << fields;
  }
}

TEST(Message, KnowsWhenTheConnectionStaysOpen) {
  EXPECT_TRUE(keeps_alive(head_of("")));
  EXPECT_FALSE(keeps_alive(head_of("Connection: Close\r\n")));
  EXPECT_FALSE(keeps_alive(head_of("Connection: x, close\r\n")));
  ResponseHead old = head_of("Connection: keep-alive\r\n");
  old.minor_version = 0;
  EXPECT_TRUE(keeps_alive(old));
  old.headers.remove("connection");
  EXPECT_FALSE(keeps_alive(old));
}

TEST(ChunkDecoder, DecodesWhateverThePieces) {
  const std::string body =
      "5\r\nhello\r\n1;name=\"v\"\r\n \r\n00000B \r\nbig\r\nworld!\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n";
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    const auto out = unchunk(body, piece);
    ASSERT_TRUE(out.ok()) << piece;
    EXPECT_EQ(*out, "hello big\r\nworld!");
  }
}

TEST(ChunkDecoder, StopsAtTheEndOfTheBody) {
  std::size_t rest = 0;
  EXPECT_EQ(unchunk("1\r\na\r\n0\r\n\r\nHTTP/1.1", 100, &rest).value(), "a");
  EXPECT_EQ(rest, 8U);
}

TEST(ChunkDecoder, RefusesGarbage) { // HTTP-5
  for (const std::string body :
       {"\r\n", "x\r\n", "-1\r\n", "5\nhello", "5\r\nhelloXX", "5\r\nhello\rX", "5\r\nhello0\r\n\r\n",
        "1000000000000000\r\n", "g\r\n", " 5\r\nhello\r\n0\r\n\r\n", "0\r\n\rX", "0\r\nTrailer\n\r\n"}) {
    const auto out = unchunk(body, 3);
    ASSERT_FALSE(out.ok()) << body;
    EXPECT_EQ(out.error().code, ErrorCode::data_loss) << body;
  }
  EXPECT_EQ(unchunk("1;" + std::string(10'000, 'x'), 100).error().code, ErrorCode::data_loss)
      << "an extension without end";
  EXPECT_EQ(unchunk("0\r\n" + std::string(10'000, 'x'), 100).error().code, ErrorCode::data_loss)
      << "trailers without end";
}

TEST(ChunkDecoder, SurvivesRandomBytes) {
  SeededRandom random(3);
  constexpr std::string_view letters = "0123456789abcdefg;\r\n \t";
  for (int round = 0; round < 3000; ++round) {
    std::string body;
    for (int i = 0; i < 60; ++i) {
      body += letters[random.below(letters.size())];
    }
    const auto out = unchunk(body, 1 + random.below(20));
    if (out.ok()) {
      EXPECT_LT(out->size(), body.size());
    }
  }
}

TEST(Message, WritesARequestHead) {
  const auto url = Url::parse("https://h.example:8443/a?b=c").value();
  Headers headers;
  ASSERT_TRUE(headers.add("Accept", "application/json").ok());
  const std::vector<SecretHeader> secrets{{.name = "Authorization", .value = Secret("Bearer t")}};
  const Cancellation cancellation;
  TransportRequest request{.method = "GET",
                           .url = url,
                           .headers = headers,
                           .secret_headers = secrets,
                           .body = "",
                           .timeouts = {},
                           .bounds = {},
                           .cancellation = cancellation};
  EXPECT_EQ(
      format_head(request, false, ""),
      "GET /a?b=c HTTP/1.1\r\nHost: h.example:8443\r\nAccept: application/json\r\nAuthorization: Bearer t\r\n\r\n");
  request.method = "POST";
  EXPECT_EQ(format_head(request, true, "Basic eA=="),
            "POST https://h.example:8443/a?b=c HTTP/1.1\r\nHost: h.example:8443\r\nAccept: "
            "application/json\r\nAuthorization: Bearer t\r\n"
            "Proxy-Authorization: Basic eA==\r\nContent-Length: 0\r\n\r\n");
}

} // namespace
} // namespace dovetail::http
