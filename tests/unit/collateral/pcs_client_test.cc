// SPDX-License-Identifier: Apache-2.0
#include "collateral/pcs_client.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/canned_http_server.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::collateral {
namespace {

using std::chrono::milliseconds;
using ::tdxvfs::testing::CannedHttpServer;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kTcb = "/tdx/certification/v4/tcb?fmspc=00806f050000";
const std::string kIdentity = "/tdx/certification/v4/qe/identity";
const std::string kPckCrl =
    "/sgx/certification/v4/pckcrl?ca=platform&encoding=der";
const std::string kRootCrl = "/sgx/certification/v4/rootcacrl";

const SetName kName{.fmspc = {0x00, 0x80, 0x6f, 0x05, 0x00, 0x00}};

// A service that answers as a PCCS does; a test then replaces one answer.
struct Service {
  CannedHttpServer server;
  Service() {
    server.AnswerOk(kTcb, "TCB-Info-Issuer-Chain: signer%0Aro+ot\r\n",
                    R"({"tcbInfo":{}})");
    server.AnswerOk(kIdentity, "sgx-enclave-identity-ISSUER-chain:signer\r\n",
                    R"({"enclaveIdentity":{}})");
    server.AnswerOk(kPckCrl, "SGX-PCK-CRL-Issuer-Chain: ca%20root \r\n",
                    "-----BEGIN X509 CRL-----\nMAMCAQU=\n-----END X509 "
                    "CRL-----\n");
    server.AnswerOk(kRootCrl, "", "3003020106");
  }
};

Result<verify::CollateralDocuments> Fetch(const std::string& url,
                                          const SetName& name = kName,
                                          const std::stop_token& stop = {}) {
  auto client = PcsClient::Open({.pccs_url = url,
                                 .ca_file = {},
                                 .request_timeout = milliseconds(300),
                                 .set_timeout = milliseconds(2000)});
  if (!client.has_value()) {
    return client.error();
  }
  return (*client)->Fetch(name, stop);
}

TEST(PcsClient, PutsASetTogether) {
  const Service service;
  ASSERT_OK_AND_ASSIGN(const auto set, Fetch(service.server.url()));
  EXPECT_EQ(set.tcb_info, R"({"tcbInfo":{}})");
  EXPECT_EQ(set.tcb_signing_chain, "signer\nro+ot");
  EXPECT_EQ(set.qe_identity, R"({"enclaveIdentity":{}})");
  EXPECT_THAT(set.pck_crl, ElementsAre(0x30, 3, 2, 1, 5));
  EXPECT_EQ(set.pck_crl_issuer_chain, "ca root");
  EXPECT_THAT(set.root_ca_crl, ElementsAre(0x30, 3, 2, 1, 6));
}

TEST(PcsClient, AsksForTeeCaAndUpdate) {
  const CannedHttpServer server;
  EXPECT_THAT(Fetch(server.url(), {.tee = attest::Tee::kSgx,
                                   .fmspc = {0xab},
                                   .platform_ca = false,
                                   .update = Update::kEarly}),
              Fails(Reason::kCollateralUnknown));
  EXPECT_THAT(server.requests(),
              ElementsAre("/sgx/certification/v4/tcb?fmspc=ab0000000000&"
                          "update=early"));
}

TEST(PcsClient, TakesTheUrlThatIntelsToolsTake) {
  for (const char* tail : {"/", "/sgx/certification/v4/", "//"}) {
    const Service service;
    EXPECT_THAT(Fetch(service.server.url() + tail), Succeeds()) << tail;
  }
}

TEST(PcsClient, RefusesUrlsThatAreNoService) {
  for (const char* url :
       {"pccs.example", "ftp://pccs.example/", "https://", "https:///path",
        "http://pccs.example:8081/", "https://user@pccs.example/",
        "https://pccs.example/?a", "https://pccs.example/#a",
        "https://pccs example/", "http://127.0.0.1.example/"}) {
    EXPECT_THAT(PcsClient::Open({.pccs_url = url, .ca_file = {}}),
                Fails(Reason::kUsage))
        << url;
  }
}

struct BadAnswer {
  const char* name;
  std::string target;
  std::string answer;
  Reason reason;
};

class BadAnswers : public ::testing::TestWithParam<BadAnswer> {};

TEST_P(BadAnswers, HaveTheirOwnReasons) {
  Service service;
  service.server.Answer(GetParam().target, GetParam().answer);
  const auto fetched = Fetch(service.server.url());
  EXPECT_THAT(fetched, Fails(GetParam().reason));
  EXPECT_THAT(fetched.error().ToString(), HasSubstr(GetParam().target));
}

std::string Status(const std::string& line, const std::string& headers = "") {
  return "HTTP/1.1 " + line + "\r\nConnection: close\r\n" + headers +
         "Content-Length: 0\r\n\r\n";
}

std::string Ok(const std::string& headers, const std::string& body) {
  return "HTTP/1.1 200 OK\r\nConnection: close\r\n" + headers + "\r\n" + body;
}

INSTANTIATE_TEST_SUITE_P(
    PcsClient, BadAnswers,
    ::testing::Values(
        BadAnswer{"NotFound", kTcb, Status("404 Not Found"),
                  Reason::kCollateralUnknown},
        BadAnswer{"Gone", kTcb, Status("410 Gone"), Reason::kCollateralGone},
        BadAnswer{"TooMany", kIdentity,
                  Status("429 Too Many Requests", "Retry-After: 7\r\n"),
                  Reason::kCollateralBusy},
        BadAnswer{"ServerError", kPckCrl, Status("500 Oops"),
                  Reason::kCollateralUnreachable},
        BadAnswer{"Unavailable", kRootCrl, Status("503 Later"),
                  Reason::kCollateralUnreachable},
        BadAnswer{"BadRequest", kTcb, Status("400 Bad"),
                  Reason::kCollateralInvalid},
        BadAnswer{"Redirect", kTcb,
                  Status("302 Found", "Location: http://127.0.0.1:1/\r\n"),
                  Reason::kCollateralInvalid},
        BadAnswer{"Silence", kTcb, "", Reason::kCollateralUnreachable},
        BadAnswer{"NoHttp", kTcb, "hello\r\n", Reason::kCollateralUnreachable},
        BadAnswer{"Truncated", kTcb,
                  Ok("Content-Length: 1000\r\nTCB-Info-Issuer-Chain: a\r\n",
                     R"({"tcbInfo")"),
                  Reason::kCollateralUnreachable},
        BadAnswer{"NoChain", kTcb, Ok("", "{}"), Reason::kCollateralInvalid},
        BadAnswer{"NoCrlChain", kPckCrl, Ok("", "3003020106"),
                  Reason::kCollateralInvalid},
        BadAnswer{"BrokenChain", kTcb,
                  Ok("TCB-Info-Issuer-Chain: %zz\r\n", "{}"),
                  Reason::kCollateralInvalid},
        BadAnswer{"PageForPeople", kTcb,
                  Ok("TCB-Info-Issuer-Chain: a\r\n", "<html>"),
                  Reason::kCollateralInvalid},
        BadAnswer{"PageForPeopleAsCrl", kRootCrl, Ok("", "<html>"),
                  Reason::kCollateralInvalid},
        BadAnswer{"LargeBody", kRootCrl, Ok("", std::string(kMaxBody + 1, '0')),
                  Reason::kCollateralInvalid},
        BadAnswer{"LargeDocument", kTcb,
                  Ok("TCB-Info-Issuer-Chain: a\r\n",
                     "{" + std::string(verify::kMaxSignedDocument, ' ')),
                  Reason::kCollateralInvalid},
        BadAnswer{"LargeHeaders", kTcb,
                  Ok("TCB-Info-Issuer-Chain: " + std::string(kMaxHeaders, 'a') +
                         "\r\n",
                     "{}"),
                  Reason::kCollateralInvalid}),
    [](const auto& row) { return row.param.name; });

TEST(PcsClient, TellsWhenABusyServiceWantsUsBack) {
  Service service;
  service.server.Answer(kTcb,
                        Status("429 Too Many Requests", "retry-after: 90\r\n"));
  const auto fetched = Fetch(service.server.url());
  ASSERT_THAT(fetched, Fails(Reason::kCollateralBusy));
  EXPECT_EQ(fetched.error().retry_after_seconds(), 90U);
}

TEST(PcsClient, SaysThatNobodyListens) {
  std::string url;
  {
    const CannedHttpServer server;
    url = server.url();
  }
  EXPECT_THAT(Fetch(url), Fails(Reason::kCollateralUnreachable));
}

TEST(PcsClient, RefusesAServiceWithoutTls) {
  const Service service;
  EXPECT_THAT(Fetch("https" + service.server.url().substr(4)),
              Fails(Reason::kCollateralUnreachable));
}

TEST(PcsClient, GivesUpWhenToldTo) {
  Service service;
  service.server.Answer(kTcb, "");
  std::stop_source stop;
  auto client =
      PcsClient::Open({.pccs_url = service.server.url(), .ca_file = {}});
  ASSERT_THAT(client, Succeeds());
  const std::jthread stopper([&stop] {
    std::this_thread::sleep_for(milliseconds(100));
    stop.request_stop();
  });
  EXPECT_THAT((*client)->Fetch(kName, stop.get_token()),
              Fails(Reason::kStopped));
}

// How a quote names its PCK certificate, type 3.
attest::PckCertId CertId(std::size_t encrypted_ppid) {
  attest::PckCertId id;
  id.type = 3;
  id.cpu_svn = {5, 5, 12};
  id.pce_svn = {11, 1};
  id.pce_id = {2};
  id.qe_id = {0xf1, 0x94};
  id.encrypted_ppid.assign(encrypted_ppid, 0xab);
  return id;
}

std::string Repeated(std::string_view text, std::size_t times) {
  std::string repeated;
  for (; times > 0; --times) {
    repeated += text;
  }
  return repeated;
}

const std::string kPckCert = "/sgx/certification/v4/pckcert?qeid=f194" +
                             Repeated("00", 14) + "&cpusvn=05050c" +
                             Repeated("00", 13) + "&pcesvn=0b01&pceid=0200";
const std::string kIssuers = "sgx-pck-certificate-issuer-chain: ca%0Aro+ot\r\n";
const std::string kLeaf =
    "-----BEGIN CERTIFICATE-----\nleaf\n-----END CERTIFICATE-----";

Result<std::string> FetchChain(const std::string& url,
                               std::size_t encrypted_ppid = 256) {
  auto client = PcsClient::Open({.pccs_url = url,
                                 .ca_file = {},
                                 .request_timeout = milliseconds(300),
                                 .set_timeout = milliseconds(2000)});
  if (!client.has_value()) {
    return client.error();
  }
  return (*client)->FetchPckChain(CertId(encrypted_ppid), {});
}

TEST(PcsClient, PutsAPckChainTogether) {
  CannedHttpServer server;
  server.AnswerOk(kPckCert, kIssuers, kLeaf);
  ASSERT_OK_AND_ASSIGN(const std::string chain, FetchChain(server.url()));
  EXPECT_EQ(chain, kLeaf + "\nca\nro+ot");
}

TEST(PcsClient, TellsTheEncryptedPpidInTheOneFormThatServicesTake) {
  CannedHttpServer server;
  const std::string target =
      kPckCert + "&encrypted_ppid=" + Repeated("ab", 384);
  server.AnswerOk(target, kIssuers, kLeaf);
  EXPECT_THAT(FetchChain(server.url(), 384), Succeeds());
  EXPECT_THAT(server.requests(), ElementsAre(target));
}

TEST(PcsClient, TakesNothingElseForAPckChain) {
  struct Row {
    std::string answer;
    Reason reason;
  };
  for (const Row& row :
       {Row{Status("404 Not Found"), Reason::kCollateralUnknown},
        Row{Ok("", kLeaf), Reason::kCollateralInvalid},
        Row{Ok(kIssuers, "<html>"), Reason::kCollateralInvalid},
        Row{Ok(kIssuers, kLeaf + std::string(verify::kMaxIssuerChain, ' ')),
            Reason::kCollateralInvalid},
        Row{"", Reason::kCollateralUnreachable}}) {
    CannedHttpServer server;
    server.Answer(kPckCert, row.answer);
    EXPECT_THAT(FetchChain(server.url()), Fails(row.reason));
  }
}

TEST(PcsClient, DoesNotAskIntelsServiceForAPckChain) {
  const auto fetched = FetchChain("");
  ASSERT_THAT(fetched, Fails(Reason::kCollateralUnknown));
  EXPECT_THAT(fetched.error().ToString(), HasSubstr("PCCS"));
}

}  // namespace
}  // namespace tdxvfs::collateral
