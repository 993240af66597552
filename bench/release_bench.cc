// SPDX-License-Identifier: Apache-2.0
// What does a release cost the server? CPU of a key server per release over
// fresh TLS connections, collateral warm and audit on, against a floor in the
// same run: a plain gRPC server that answers streams of the same number and
// sizes of messages over fresh TLS connections, and does the P-256 and X25519
// operations that are really needed. The servers have one core in turns, the
// guests have the other; GUESTS of them come at a time. Usage:
// release_bench [EXCHANGES [ROUNDS [GUESTS]]]
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "bench/echo_service.h"
#include "bench/floor_work.h"
#include "bench/guest_client.h"
#include "bench/measuring.h"
#include "bench/must.h"
#include "bench/pretend_fleet.h"
#include "bench/server_program.h"
#include "common/file.h"
#include "common/log.h"
#include "common/process_hardening.h"
#include "keyserver/key_server.h"
#include "keyserver/session_tickets.h"

namespace tdxvfs {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;

using bench::GuestClient;
using bench::Median;
using bench::Must;
using bench::MustSystem;
using bench::PretendFleet;

constexpr char kAskUsage = 'u';
constexpr int kServerCore = 0;
constexpr int kGuestCore = 1;

// All exchanges come from one address.
constexpr const char* kLimits =
    "peer_per_minute = 10000000\npeer_burst = 1000000\n"
    "peer_attestations = 256\n";

struct Plan {
  int exchanges = 400;  // in each round, of each server
  int rounds = 10;
  int guests = 16;  // at a time
};

// What both servers and the guest know.
struct Setup {
  PretendFleet fleet{kLimits};
  keyserver::Config config = Must(keyserver::LoadConfig(fleet.config()));
  std::string certificate_pem =
      Must(ReadFile(config.tls_certificate, kMaxFile));
  std::string key_pem = Must(ReadFile(config.tls_key, kMaxFile));
};

// A server in a process of its own that tells its CPU time when asked.
class ServerProcess {
 public:
  // `serve` returns the address and keeps the server alive in what it returns.
  using Serve = std::function<std::pair<std::string, std::shared_ptr<void>>()>;

  explicit ServerProcess(const Serve& serve) {
    MustSystem(pipe(to_server_) == 0 && pipe(from_server_) == 0, "make pipes");
    process_ = fork();
    if (process_ == 0) {
      close(to_server_[1]);
      close(from_server_[0]);
      bench::StayOnCore(kServerCore);
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

// With what the program does before it serves (run_key_server.cc).
std::pair<std::string, std::shared_ptr<void>> ServeKeys(const Setup& setup) {
  mallopt(M_PERTURB, 0x5a);
  Must(keyserver::SendNoSessionTickets());
  std::shared_ptr<keyserver::KeyServer> server =
      Must(keyserver::KeyServer::Start(setup.config));
  std::string address = server->address();
  return {std::move(address), std::move(server)};
}

// Server CPU per exchange in milliseconds.
double Measure(const PretendFleet& fleet, const ServerProcess& server,
               GuestClient::Answers answers, const Plan& plan) {
  const auto credentials = bench::GuestCredentials(fleet);
  const double before = server.CpuMs();
  std::atomic<int> left = plan.exchanges;
  {
    std::vector<std::jthread> guests;
    guests.reserve(static_cast<std::size_t>(plan.guests));
    for (int i = 0; i < plan.guests; ++i) {
      guests.emplace_back([&] {
        while (left.fetch_sub(1) > 0) {
          (void)Must(GuestClient(fleet, credentials, server.address(), answers)
                         .Unlock());
        }
      });
    }
  }
  return (server.CpuMs() - before) / plan.exchanges;
}

void Run(const Plan& plan) {
  const Setup setup;
  // Both fork before gRPC is used here: it does not survive a fork.
  const std::size_t grant_size = setup.fleet.RegisterVolume();
  const ServerProcess keys([&setup] { return ServeKeys(setup); });
  const ServerProcess echo(
      [&setup, grant_size] { return ServeEcho(setup, grant_size); });
  bench::StayOnCore(kGuestCore);
  const auto release = [&] {
    return Measure(setup.fleet, keys, GuestClient::Answers::kReal, plan);
  };
  const auto floor = [&] {
    return Measure(setup.fleet, echo, GuestClient::Answers::kEchoed, plan);
  };
  (void)release();
  (void)floor();
  std::vector<double> release_ms;
  std::vector<double> echo_ms;
  std::vector<double> ratios;
  for (int round = 0; round < plan.rounds; ++round) {
    release_ms.push_back(release());
    echo_ms.push_back(floor());
    ratios.push_back(release_ms.back() / echo_ms.back());
  }
  (void)printf(
      "release: %.3f ms server CPU (median of %d x %d, %d at a time)\n",
      Median(release_ms), plan.rounds, plan.exchanges, plan.guests);
  (void)printf(
      "floor:   %.3f ms server CPU, same messages and key operations\n",
      Median(echo_ms));
  (void)printf("ratio:   %.2f\n", Median(ratios));
}

int Positive(const char* text) {
  const int value = atoi(text);
  if (value <= 0) {
    (void)fprintf(stderr,
                  "usage: release_bench [EXCHANGES [ROUNDS [GUESTS]]]\n");
    exit(2);
  }
  return value;
}

}  // namespace
}  // namespace tdxvfs

int main(int argc, char** argv) {
  tdxvfs::bench::Must(tdxvfs::PrepareSecretMemory());
  tdxvfs::bench::Must(tdxvfs::AllowOnlyTls13());
  tdxvfs::StartLog("release_bench", tdxvfs::LogLevel::kError);
  tdxvfs::Plan plan;
  const std::array<int*, 3> numbers = {&plan.exchanges, &plan.rounds,
                                       &plan.guests};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (argc > static_cast<int>(i) + 1) {
      *numbers.at(i) = tdxvfs::Positive(argv[i + 1]);
    }
  }
  tdxvfs::Run(plan);
}
