// SPDX-License-Identifier: Apache-2.0
#include "keyserver/serve.h"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include <cerrno>
#include <memory>
#include <string>

#include "common/log.h"
#include "common/service_manager.h"
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

// Threads that are started later inherit the mask, so that only WaitForStop
// sees these signals. A peer that hangs up must not end the server either.
Result<sigset_t> BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  if (sigprocmask(SIG_BLOCK, &signals, nullptr) != 0 ||
      signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
    return SystemError(Reason::kInternal, "block signals", errno);
  }
  return signals;
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

void WatchUntilSignal(const sigset_t& signals, KeyServer* server) {
  const timespec period{kHealthEverySeconds, 0};
  bool healthy = true;
  while (true) {
    if (sigtimedwait(&signals, nullptr, &period) > 0) {
      return;
    }
    if (const auto tended = server->TendStore(); !tended.has_value()) {
      Log(LogLevel::kWarning, Event::kStoreUntended, tended.error().ToString());
    }
    const auto health = server->CheckHealth();
    if (health.has_value() == healthy) {
      continue;
    }
    healthy = health.has_value();
    const std::string status =
        healthy ? "serving on " + server->address()
                : "not serving: " + health.error().ToString();
    Log(healthy ? LogLevel::kInfo : LogLevel::kError,
        healthy ? Event::kServerReady : Event::kServerFailed, status);
    NotifyService("STATUS=" + status);
  }
}

}  // namespace

Result<void> Serve(const Config& config) {
  AllowManyDescriptors();
  ASSIGN_OR_RETURN(const sigset_t signals, BlockSignals());
  Log(LogLevel::kInfo, Event::kServerStarted, "key server starts");
  ASSIGN_OR_RETURN(const std::unique_ptr<KeyServer> server,
                   KeyServer::Start(config));
  WarnAboutTrust(config, *server);
  RETURN_IF_ERROR(server->CheckHealth());
  const std::string status = "serving on " + server->address();
  Log(LogLevel::kInfo, Event::kServerReady, status);
  NotifyService("READY=1\nSTATUS=" + status);
  WatchUntilSignal(signals, server.get());
  Log(LogLevel::kInfo, Event::kServerStopping, "finishing streams in flight");
  NotifyService("STOPPING=1\nSTATUS=finishing streams in flight");
  server->Stop();
  Log(LogLevel::kInfo, Event::kServerStopped, "key server ended");
  return {};
}

}  // namespace tdxvfs::keyserver
