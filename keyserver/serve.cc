// SPDX-License-Identifier: Apache-2.0
#include "keyserver/serve.h"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "common/log.h"
#include "common/service_manager.h"
#include "keyserver/check_config.h"
#include "keyserver/config.h"
#include "keyserver/key_server.h"

namespace tdxvfs::keyserver {
namespace {

constexpr time_t kHealthEverySeconds = 5;

// Every connection takes two descriptors; the default soft limit is 1024.
void AllowManyDescriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// Threads that are started later inherit the mask, so that only the main
// thread's wait sees these signals. A peer that hangs up must not end the
// server either.
Result<sigset_t> BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  if (sigprocmask(SIG_BLOCK, &signals, nullptr) != 0 ||
      signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
    return SystemError(Reason::kInternal, "block signals", errno);
  }
  return signals;
}

void WarnAbout(const Config& config) {
  for (const std::string& note : NotesOn(config)) {
    Log(LogLevel::kWarning, Event::kConfigWarning, note);
  }
}

void WarnAboutTrust(const Config& config, const KeyServer& server) {
  if (!server.anchor_is_intel()) {
    Log(LogLevel::kWarning, Event::kAnchorNotIntel,
        "the trust anchor '" + config.trust_anchor +
            "' is not Intel's: whoever holds its key can make quotes");
  }
  if (config.collateral.source == CollateralConfig::Source::kNone) {
    Log(LogLevel::kWarning, Event::kCollateralNone,
        "collateral = \"none\": TCB levels and revocation are not checked");
  }
}

void TellAddresses(const KeyServer& server) {
  if (!server.admin_address().empty()) {
    Log(LogLevel::kInfo, Event::kServerStarted,
        "administrators are served on " + server.admin_address());
  }
  if (!server.metrics_address().empty()) {
    Log(LogLevel::kInfo, Event::kServerStarted,
        "metrics are served on " + server.metrics_address());
  }
}

void Tell(const Result<void>& health, const KeyServer& server) {
  const std::string status = health.has_value()
                                 ? "serving on " + server.address()
                                 : "not serving: " + health.error().ToString();
  Log(health.has_value() ? LogLevel::kInfo : LogLevel::kError,
      health.has_value() ? Event::kServerReady : Event::kServerFailed, status);
  NotifyService("STATUS=" + status);
}

// sd_notify(3): RELOADING=1 with this clock, then READY=1.
std::string ReloadingNow() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return "RELOADING=1\nMONOTONIC_USEC=" +
         std::to_string(now.tv_sec * 1'000'000 + now.tv_nsec / 1000);
}

Result<void> TakeConfig(const ServeOptions& options, KeyServer* server) {
  ASSIGN_OR_RETURN(const Config config, LoadConfig(options.config));
  RETURN_IF_ERROR(server->Reload(config));
  SetLogLevel(options.log_level.value_or(config.log_level));
  WarnAbout(config);
  return {};
}

// A server that was told nonsense goes on as it was.
void Reload(const ServeOptions& options, KeyServer* server) {
  NotifyService(ReloadingNow());
  const auto taken = TakeConfig(options, server);
  if (taken.has_value()) {
    Log(LogLevel::kInfo, Event::kReloaded, "configuration taken");
  } else {
    Log(LogLevel::kError, Event::kReloadRefused,
        "the old configuration stays: " + taken.error().ToString(),
        {.reason = std::string(InfoOf(taken.error().reason()).slug)});
  }
  NotifyService("READY=1");
}

void WatchUntilStopped(const sigset_t& signals, const ServeOptions& options,
                       bool healthy, KeyServer* server) {
  const timespec period{kHealthEverySeconds, 0};
  while (true) {
    const int received = sigtimedwait(&signals, nullptr, &period);
    if (received == SIGTERM || received == SIGINT) {
      return;
    }
    if (received == SIGHUP) {
      Reload(options, server);
    }
    if (const auto tended = server->TendStore(); !tended.has_value()) {
      Log(LogLevel::kWarning, Event::kStoreUntended, tended.error().ToString());
    }
    const auto health = server->CheckHealth();
    if (health.has_value() != healthy || received == SIGHUP) {
      healthy = health.has_value();
      Tell(health, *server);
    }
  }
}

}  // namespace

Result<void> Serve(const ServeOptions& options) {
  ASSIGN_OR_RETURN(const Config config, LoadConfig(options.config));
  SetLogLevel(options.log_level.value_or(config.log_level));
  AllowManyDescriptors();
  ASSIGN_OR_RETURN(const sigset_t signals, BlockSignals());
  Log(LogLevel::kInfo, Event::kServerStarted, "key server starts");
  ASSIGN_OR_RETURN(PassedSockets passed, PassedSockets::Take());
  ASSIGN_OR_RETURN(const std::unique_ptr<KeyServer> server,
                   KeyServer::Start(config, std::move(passed)));
  WarnAbout(config);
  WarnAboutTrust(config, *server);
  TellAddresses(*server);
  // Collateral that is out of date is fetched while the server runs, and a
  // certificate is exchanged, so neither keeps it from starting.
  const auto health = server->CheckHealth();
  NotifyService("READY=1");
  Tell(health, *server);
  WatchUntilStopped(signals, options, health.has_value(), server.get());
  Log(LogLevel::kInfo, Event::kServerStopping, "finishing streams in flight");
  NotifyService("STOPPING=1\nSTATUS=finishing streams in flight");
  server->Stop();
  Log(LogLevel::kInfo, Event::kServerStopped, "key server ended");
  return {};
}

}  // namespace tdxvfs::keyserver
