// SPDX-License-Identifier: Apache-2.0
// What does a release cost the server? CPU of a key server per release over
// fresh TLS connections, collateral warm and audit on, against a floor in the
// same run: a plain gRPC server that answers streams of the same number and
// sizes of messages over fresh TLS connections, and does the P-256 and X25519
// operations that are really needed. Usage: release_bench [EXCHANGES [ROUNDS]]
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "attest/policy/measurement_policy.h"
#include "attest/report_data.h"
#include "bench/echo_service.h"
#include "bench/floor_work.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/hkdf.h"
#include "common/hpke.h"
#include "common/log.h"
#include "common/process_hardening.h"
#include "keyserver/grant_wire.h"
#include "keyserver/init.h"
#include "keyserver/key_server.h"
#include "keyserver/keys/sqlite_key_store.h"
#include "keyserver/leaf_certificate.h"
#include "simulator/pccs_server.h"
#include "simulator/pki.h"
#include "simulator/quote_signer.h"
#include "tdxvfs/v1/release.grpc.pb.h"

namespace tdxvfs {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;
constexpr char kAskUsage = 'u';

template <typename T>
T Must(Result<T> result) {
  if (!result.has_value()) {
    (void)fprintf(stderr, "release_bench: %s\n",
                  result.error().ToString().c_str());
    exit(1);
  }
  return std::move(result).value();
}

void Must(const Result<void>& result) {
  if (!result.has_value()) {
    (void)fprintf(stderr, "release_bench: %s\n",
                  result.error().ToString().c_str());
    exit(1);
  }
}

// Everything that both servers and the guest know, made before any fork.
struct Setup {
  std::filesystem::path folder;
  keyserver::Config config;
  std::string ca_pem;
  std::string certificate_pem;
  std::string key_pem;
  std::string certificate_sha256;
  std::unique_ptr<simulator::Pki> pki;
  std::unique_ptr<simulator::PccsServer> collateral;
  std::unique_ptr<simulator::QuoteSigner> signer;
  attest::TdReport report;
  std::string header = std::string(32, 'h');
  std::string config_digest = std::string(32, 'c');
};

Setup Prepare() {
  Setup setup;
  std::string name = std::filesystem::temp_directory_path() / "bench-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    perror("release_bench: mkdtemp");
    exit(1);
  }
  setup.folder = name;
  setup.pki = std::make_unique<simulator::Pki>(
      Must(simulator::Pki::Make(simulator::GoodPkiSpec())));
  const simulator::Pki& pki = *setup.pki;
  setup.collateral = std::make_unique<simulator::PccsServer>(
      Must(simulator::PccsServer::Start(pki, {}, {})));
  setup.signer = std::make_unique<simulator::QuoteSigner>(
      Must(simulator::QuoteSigner::Create(pki)));
  const auto anchor = setup.folder / "root.pem";
  Must(WriteNewFile(anchor, AsBytes(Must(pki.RootPem())), 0644));
  const auto directory = setup.folder / "server";
  Must(keyserver::Init({.directory = directory,
                        .names = {"127.0.0.1"},
                        .listen = "127.0.0.1:0",
                        .trust_anchor = anchor,
                        .collateral = "none"}));
  setup.config = Must(keyserver::LoadConfig(directory / "keyserver.toml"));
  setup.config.collateral.source = keyserver::CollateralConfig::Source::kPccs;
  setup.config.collateral.pccs_url = setup.collateral->url();
  setup.config.collateral.cache = setup.folder / "collateral";
  setup.config.admission.peer_burst = 1'000'000;
  setup.config.admission.peer_per_minute = 10'000'000;
  setup.ca_pem = Must(ReadFile(directory / "tls/ca.pem", kMaxFile));
  setup.certificate_pem =
      Must(ReadFile(directory / "tls/server.pem", kMaxFile));
  setup.key_pem = Must(ReadFile(directory / "tls/server.key", kMaxFile));
  setup.certificate_sha256 = AsText(
      Must(keyserver::ReadLeafCertificate(setup.certificate_pem)).sha256);
  setup.report = simulator::GoodTdReport();
  return setup;
}

// Returns the size that a grant of the volume has when sealed.
std::size_t RegisterVolume(const Setup& setup) {
  const auto store = Must(keyserver::SqliteKeyStore::Open(
      setup.config.store,
      Must(keyserver::MasterKey::Load(setup.config.master_key)),
      Must(keyserver::LoadTrustAnchor(setup.config)).key_digest()));
  keyserver::VersionDescription description{
      .uuid = "c9c1d1a0-0000-4000-8000-000000000001",
      .header_size = 1 << 20,
      .header_profile = "sealed-1",
      .file_system = "erofs",
      .mount_options = {"ro"},
      .verity =
          keyserver::VerityDescription{.hash = "sha256",
                                       .data_block_size = 4096,
                                       .hash_block_size = 4096,
                                       .data_blocks = 2000,
                                       .hash_start_block = 2000,
                                       .salt = std::vector<std::uint8_t>(32),
                                       .root_hash = {}}};
  std::ranges::copy(AsBytes(setup.header), description.header_sha256.begin());
  const Secret passphrase = Must(Secret::Random(64));
  const std::uint32_t version = Must(store->AddVersion(
      "bench", description, passphrase, std::chrono::system_clock::now()));
  Must(store->PutPolicy("bench",
                        policy::PolicyFromReport(setup.report, false).value(),
                        "bench", std::chrono::system_clock::now()));
  constexpr std::size_t kTagSize = 16;
  keyserver::VersionRecord record;
  record.volume = "bench";
  record.version = version;
  record.description = description;
  return Must(keyserver::SerializeGrant(record, passphrase)).size() + kTagSize;
}

// A server in a process of its own that tells its CPU time when asked.
class ServerProcess {
 public:
  // `serve` returns the address and keeps the server alive in what it returns.
  using Serve = std::function<std::pair<std::string, std::shared_ptr<void>>()>;

  explicit ServerProcess(const Serve& serve) {
    if (pipe(to_server_) != 0 || pipe(from_server_) != 0) {
      perror("release_bench: pipe");
      exit(1);
    }
    process_ = fork();
    if (process_ == 0) {
      close(to_server_[1]);
      close(from_server_[0]);
      Run(serve);
    }
    close(to_server_[0]);
    close(from_server_[1]);
    char address[64] = {};
    (void)!read(from_server_[0], address, sizeof(address) - 1);
    address_ = address;
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess() {
    close(to_server_[1]);
    close(from_server_[0]);
    waitpid(process_, nullptr, 0);
  }

  const std::string& address() const { return address_; }
  // User and system time so far, in milliseconds.
  double CpuMs() const {
    double milliseconds = 0;
    (void)!write(to_server_[1], &kAskUsage, 1);
    (void)!read(from_server_[0], &milliseconds, sizeof(milliseconds));
    return milliseconds;
  }

 private:
  [[noreturn]] void Run(const Serve& serve) const {
    const auto [address, server] = serve();
    (void)!write(from_server_[1], address.data(), address.size());
    char command = 0;
    while (read(to_server_[0], &command, 1) == 1) {
      rusage usage{};
      getrusage(RUSAGE_SELF, &usage);
      const auto ms = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e3 +
               static_cast<double>(time.tv_usec) / 1e3;
      };
      const double total = ms(usage.ru_utime) + ms(usage.ru_stime);
      (void)!write(from_server_[1], &total, sizeof(total));
    }
    _exit(0);
  }

  int to_server_[2] = {};
  int from_server_[2] = {};
  pid_t process_ = 0;
  std::string address_;
};

struct EchoServer {
  explicit EchoServer(std::size_t grant_size) : service(grant_size, &work) {}
  const bench::FloorWork work;
  bench::EchoService service;
  std::unique_ptr<grpc::Server> server;
};

std::pair<std::string, std::shared_ptr<void>> ServeEcho(
    const Setup& setup, std::size_t grant_size) {
  auto echo = std::make_shared<EchoServer>(grant_size);
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({setup.key_pem, setup.certificate_pem});
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options),
                           &port);
  builder.RegisterService(&echo->service);
  echo->server = builder.BuildAndStart();
  return {"127.0.0.1:" + std::to_string(port), echo};
}

std::pair<std::string, std::shared_ptr<void>> ServeKeys(const Setup& setup) {
  std::shared_ptr<keyserver::KeyServer> server =
      Must(keyserver::KeyServer::Start(setup.config));
  std::string address = server->address();
  return {std::move(address), std::move(server)};
}

// One unlock over a connection of its own. The echo server's answers do not
// open, so its Outcome is of the right size only.
class Exchange {
 public:
  Exchange(const Setup& setup, const std::string& address)
      : setup_(setup), key_(Must(X25519KeyPair::Generate())) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = setup.ca_pem;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stub_ = v1::KeyRelease::NewStub(grpc::CreateCustomChannel(
        address, grpc::SslCredentials(options), arguments));
    stream_ = stub_->Unlock(&context_);
  }

  // The size of the sealed grant, 0 when the server refused.
  std::size_t Run() {
    v1::GuestMessage message;
    v1::Begin* begin = message.mutable_begin();
    begin->set_volume("bench");
    begin->set_purpose(v1::OPEN);
    begin->set_header_sha256(setup_.header);
    begin->set_evidence(v1::TDX_QUOTE);
    begin->set_agent_version("0.1.0");
    v1::ServerMessage answer;
    if (!stream_->Write(message) || !stream_->Read(&answer)) {
      return 0;
    }
    const auto report_data = ReportData(answer.challenge().nonce());
    if (!stream_->Write(EvidenceWith(report_data)) || !stream_->Read(&answer)) {
      return 0;
    }
    stream_->Write(OutcomeFor(answer.release(), report_data));
    return stream_->Finish().ok() ? answer.release().ciphertext().size() : 0;
  }

 private:
  attest::ReportDataBytes ReportData(const std::string& nonce) const {
    return Must(attest::ReportData(
        {.purpose = "OPEN",
         .nonce = AsBytes(nonce),
         .public_key = key_.public_key,
         .volume = "bench",
         .header_sha256 = AsBytes(setup_.header),
         .certificate_sha256 = AsBytes(setup_.certificate_sha256),
         .config_digest = AsBytes(setup_.config_digest)}));
  }

  v1::GuestMessage EvidenceWith(
      const attest::ReportDataBytes& report_data) const {
    attest::TdReport report = setup_.report;
    report.report_data = report_data;
    const auto quote = Must(setup_.signer->Sign(4, report));
    v1::GuestMessage message;
    v1::Evidence* evidence = message.mutable_evidence();
    evidence->set_quote(quote.data(), quote.size());
    evidence->set_public_key(key_.public_key.data(), key_.public_key.size());
    evidence->set_server_certificate_sha256(setup_.certificate_sha256);
    evidence->set_config_digest(setup_.config_digest);
    return message;
  }

  v1::GuestMessage OutcomeFor(const v1::Release& release,
                              const attest::ReportDataBytes& report_data) {
    X25519PublicKey encapsulated{};
    std::ranges::copy(AsBytes(release.encapsulated_key()),
                      encapsulated.begin());
    const auto hpke = Must(HpkeContext::SetupRecipient(
        encapsulated, key_, attest::GrantInfo(report_data)));
    v1::OutcomeBody body;
    body.set_opened(true);
    body.set_version(1);
    v1::GuestMessage message;
    v1::Outcome* outcome = message.mutable_outcome();
    outcome->set_body(body.SerializeAsString());
    const auto mac =
        Must(HmacSha256(Must(hpke.Export(attest::kOutcomeLabel, 32)),
                        AsBytes(outcome->body())));
    outcome->set_mac(mac.data(), mac.size());
    return message;
  }

  const Setup& setup_;
  X25519KeyPair key_;
  std::unique_ptr<v1::KeyRelease::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::GuestMessage, v1::ServerMessage>>
      stream_;
};

// Server CPU per exchange in milliseconds.
double Measure(const Setup& setup, const ServerProcess& server, int exchanges) {
  const double before = server.CpuMs();
  for (int i = 0; i < exchanges; ++i) {
    if (Exchange(setup, server.address()).Run() == 0) {
      (void)fprintf(stderr, "release_bench: an exchange failed\n");
      exit(1);
    }
  }
  return (server.CpuMs() - before) / exchanges;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void Run(int exchanges, int rounds) {
  const Setup setup = Prepare();
  // Both fork before gRPC is used here: it does not survive a fork.
  const std::size_t grant_size = RegisterVolume(setup);
  const ServerProcess keys([&setup] { return ServeKeys(setup); });
  const ServerProcess echo(
      [&setup, grant_size] { return ServeEcho(setup, grant_size); });
  (void)Measure(setup, keys, 20);
  (void)Measure(setup, echo, 20);
  std::vector<double> release_ms;
  std::vector<double> echo_ms;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    release_ms.push_back(Measure(setup, keys, exchanges));
    echo_ms.push_back(Measure(setup, echo, exchanges));
    ratios.push_back(release_ms.back() / echo_ms.back());
  }
  (void)printf("release: %.3f ms server CPU (median of %d x %d)\n",
               Median(release_ms), rounds, exchanges);
  (void)printf(
      "floor:   %.3f ms server CPU, same messages and key operations\n",
      Median(echo_ms));
  (void)printf("ratio:   %.2f\n", Median(ratios));
  std::error_code ignored;
  std::filesystem::remove_all(setup.folder, ignored);
}

int Positive(const char* text) {
  const int value = atoi(text);
  if (value <= 0) {
    (void)fprintf(stderr, "usage: release_bench [EXCHANGES [ROUNDS]]\n");
    exit(2);
  }
  return value;
}

}  // namespace
}  // namespace tdxvfs

int main(int argc, char** argv) {
  tdxvfs::Must(tdxvfs::PrepareSecretMemory());
  tdxvfs::Must(tdxvfs::AllowOnlyTls13());
  tdxvfs::StartLog("release_bench", tdxvfs::LogLevel::kError);
  tdxvfs::Run(argc > 1 ? tdxvfs::Positive(argv[1]) : 500,
              argc > 2 ? tdxvfs::Positive(argv[2]) : 3);
}
