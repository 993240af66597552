// SPDX-License-Identifier: Apache-2.0
#include "simulator/pccs_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/unique_fd.h"
#include "simulator/listen_address.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::simulator {
namespace {

using testing::Fails;
using ::testing::HasSubstr;
using testing::Succeeds;

constexpr const char* kTcb =
    "/tdx/certification/v4/tcb?fmspc=00806f050000&update=standard";
constexpr const char* kRootCrl = "/sgx/certification/v4/rootcacrl";

PccsServer Started(std::vector<PccsFault> faults = {}) {
  PccsOptions options;
  options.faults = std::move(faults);
  return PccsServer::Start(testing::GoodPki(), {}, options).value();
}

// The whole answer as it came, up to the end of the connection.
std::string Ask(const PccsServer& server, const std::string& uri,
                const std::string& method = "GET") {
  const std::string authority =
      server.url().substr(server.url().rfind('/') + 1);
  const ListenAddress address = ParseListenAddress(authority).value();
  const UniqueFd connection(
      socket(address.socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(connection.get(),
              reinterpret_cast<const sockaddr*>(&address.socket),
              sizeof(sockaddr_in)) != 0) {
    return "";
  }
  const std::string request = method + " " + uri +
                              " HTTP/1.1\r\nHost: localhost\r\n" +
                              "Connection: close\r\n\r\n";
  if (write(connection.get(), request.data(), request.size()) < 0) {
    return "";
  }
  std::string answer;
  std::array<char, 4096> part{};
  ssize_t count = 0;
  while ((count = read(connection.get(), part.data(), part.size())) > 0) {
    answer.append(part.data(), static_cast<std::size_t>(count));
  }
  return answer;
}

unsigned StatusOf(const std::string& answer) {
  return static_cast<unsigned>(std::stoul("0" + answer.substr(9, 3)));
}

TEST(PccsServer, ServesOnAFreePortAndRemembersWhatWasAsked) {
  const PccsServer server = Started();
  const std::string answer = Ask(server, kTcb);
  EXPECT_EQ(StatusOf(answer), 200U);
  EXPECT_THAT(answer, HasSubstr("\r\nTCB-Info-Issuer-Chain: -----BEGIN%20"));
  EXPECT_THAT(answer, HasSubstr(R"("tcbEvaluationDataNumber":20,)"));
  EXPECT_EQ(StatusOf(Ask(server, "/nothing")), 404U);
  EXPECT_EQ(StatusOf(Ask(server, kTcb, "PUT")), 405U);
  EXPECT_EQ(server.requests(),
            (std::vector<std::string>{kTcb, "/nothing", kTcb}));
}

TEST(PccsServer, ReplacesWhatItServes) {
  PccsServer server = Started();
  CollateralOptions next;
  next.evaluation_number = 30;
  ASSERT_THAT(server.Serve(next), Succeeds());
  EXPECT_THAT(Ask(server, kTcb), HasSubstr(R"("tcbEvaluationDataNumber":30,)"));
  next.status = "unheard of";
  EXPECT_THAT(server.Serve(next), Fails(Reason::kUsage));
}

TEST(PccsServer, FaultsHitTheirPathsAsOftenAsTheySay) {
  PccsServer server = Started({{PccsFaultKind::kUnavailable, "rootcacrl", 1}});
  EXPECT_EQ(StatusOf(Ask(server, kTcb)), 200U);
  EXPECT_EQ(StatusOf(Ask(server, kRootCrl)), 503U);
  EXPECT_EQ(StatusOf(Ask(server, kRootCrl)), 200U);
  server.SetFaults({{PccsFaultKind::kServerError, "", {}}});
  EXPECT_EQ(StatusOf(Ask(server, kTcb)), 500U);
  EXPECT_EQ(StatusOf(Ask(server, kTcb)), 500U);
}

TEST(PccsServer, ServesOlderDocumentsAsAFault) {
  PccsServer server = Started({{PccsFaultKind::kLowerNumber, "", {}}});
  EXPECT_THAT(Ask(server, kTcb), HasSubstr(R"("tcbEvaluationDataNumber":19,)"));
  const std::string fresh = DocumentTime(std::chrono::system_clock::now());
  server.SetFaults({{PccsFaultKind::kStale, "", {}}});
  const std::string stale = Ask(server, kTcb);
  const std::string member = R"("nextUpdate":")";
  const std::size_t position = stale.find(member);
  ASSERT_NE(position, std::string::npos);
  EXPECT_LT(stale.substr(position + member.size(), fresh.size()), fresh);
}

TEST(PccsServer, EndsInTheMiddleOfATruncatedBody) {
  PccsServer server = Started();
  const std::string whole = Ask(server, kTcb);
  server.SetFaults({{PccsFaultKind::kTruncated, "", {}}});
  const std::string half = Ask(server, kTcb);
  EXPECT_EQ(StatusOf(half), 200U);
  EXPECT_LT(half.size(), whole.size());
  const std::size_t head = whole.find("Content-Length:");
  ASSERT_NE(head, std::string::npos);
  EXPECT_THAT(half,
              HasSubstr(whole.substr(head, whole.find('\r', head) - head)));
}

TEST(PccsServer, StopsWhileARequestWaits) {
  PccsOptions options;
  options.delay = std::chrono::hours(1);
  options.faults = {{PccsFaultKind::kSlow, "", {}}};
  auto started = PccsServer::Start(testing::GoodPki(), {}, options);
  ASSERT_THAT(started, Succeeds());
  const ListenAddress address =
      ParseListenAddress(started->url().substr(started->url().rfind('/') + 1))
          .value();
  const UniqueFd connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(connection.get(),
                    reinterpret_cast<const sockaddr*>(&address.socket),
                    sizeof(sockaddr_in)),
            0);
  const std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ASSERT_GT(write(connection.get(), request.data(), request.size()), 0);
  while (started->requests().empty()) {
    std::this_thread::yield();
  }
  { const PccsServer stopping = std::move(*started); }
}

TEST(PccsServer, RefusesAddressesAndTlsFilesThatAreNone) {
  for (const char* listen : {"", "127.0.0.1", "localhost:1", "127.0.0.1:x",
                             "127.0.0.1:65536", ":80"}) {
    PccsOptions options;
    options.listen = listen;
    EXPECT_THAT(PccsServer::Start(testing::GoodPki(), {}, options),
                Fails(Reason::kUsage))
        << listen;
  }
  PccsOptions options;
  options.tls_certificate = "no certificate";
  options.tls_key = "no key";
  EXPECT_THAT(PccsServer::Start(testing::GoodPki(), {}, options),
              Fails(Reason::kIoError));
}

}  // namespace
}  // namespace tdxvfs::simulator
