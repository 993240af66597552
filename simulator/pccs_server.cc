// SPDX-License-Identifier: Apache-2.0
#include "simulator/pccs_server.h"

#include <microhttpd.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "common/owned_openssl.h"
#include "simulator/listen_address.h"
#include "simulator/pccs_answer.h"
#include "simulator/pccs_response.h"

namespace tdxvfs::simulator {
namespace {

using DaemonPtr = std::unique_ptr<MHD_Daemon, FreeWith<MHD_stop_daemon>>;

// Room for an issuer chain that is too large for a client.
constexpr std::size_t kConnectionMemory = std::size_t{512} * 1024;
constexpr int kStaleDays = 60;

// The same options, all of whose documents have expired.
CollateralOptions Stale(CollateralOptions options) {
  const auto then = std::chrono::floor<std::chrono::seconds>(
      std::chrono::system_clock::now() - std::chrono::hours(24 * kStaleDays));
  options.at = DocumentTime(then);
  options.next_update = DocumentTime(then + std::chrono::hours(24 * 30));
  return options;
}

MHD_Result CollectParameter(void* closure, MHD_ValueKind /*kind*/,
                            const char* name, const char* value) {
  auto& parameters = *static_cast<std::map<std::string, std::string>*>(closure);
  parameters[name] = value == nullptr ? "" : value;
  return MHD_YES;
}

}  // namespace

struct PccsServer::State {
  const Pki* pki = nullptr;
  std::chrono::milliseconds delay{0};
  std::string url;

  mutable std::mutex mutex;
  std::condition_variable stop_asked;
  bool stopping = false;
  PccsContent content;
  PccsContent stale;
  std::vector<PccsFault> faults;
  std::vector<std::string> requests;

  // Last: its threads use all above.
  DaemonPtr daemon;

  ~State() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    stop_asked.notify_all();
    daemon.reset();
  }

  Result<void> Serve(const CollateralOptions& collateral) {
    ASSIGN_OR_RETURN(PccsContent fresh, MakePccsContent(*pki, collateral));
    ASSIGN_OR_RETURN(PccsContent old, MakePccsContent(*pki, Stale(collateral)));
    const std::lock_guard lock(mutex);
    content = std::move(fresh);
    stale = std::move(old);
    return {};
  }

  // The first fault for this path, which is used up a little.
  std::optional<PccsFaultKind> TakeFault(const std::string& path) {
    for (PccsFault& fault : faults) {
      if (path.find(fault.path) == std::string::npos ||
          fault.times == std::optional<int>(0)) {
        continue;
      }
      if (fault.times.has_value()) {
        --*fault.times;
      }
      return fault.kind;
    }
    return std::nullopt;
  }

  struct Outcome {
    PccsAnswer answer;
    std::optional<PccsFaultKind> fault;
  };

  Result<Outcome> Answer(PccsRequest request) {
    std::unique_lock lock(mutex);
    Outcome outcome;
    outcome.fault = TakeFault(request.path);
    if (outcome.fault == PccsFaultKind::kSlow) {
      stop_asked.wait_for(lock, delay, [this] { return stopping; });
    }
    if (outcome.fault == PccsFaultKind::kLowerNumber) {
      request.parameters.erase("update");
      request.parameters["tcbEvaluationDataNumber"] =
          std::to_string(content.standard_number - 1);
    }
    const bool is_stale = outcome.fault == PccsFaultKind::kStale;
    ASSIGN_OR_RETURN(outcome.answer,
                     AnswerPccs(is_stale ? stale : content, request));
    if (outcome.fault.has_value()) {
      ApplyPccsFault(*outcome.fault, outcome.answer);
    }
    return outcome;
  }

  MHD_Result Reply(MHD_Connection* connection, const char* path,
                   const char* method) {
    Outcome outcome;
    outcome.answer.status = MHD_HTTP_METHOD_NOT_ALLOWED;
    if (std::string_view(method) == "GET") {
      PccsRequest request;
      request.path = path;
      (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND,
                                      CollectParameter, &request.parameters);
      auto answered = Answer(std::move(request));
      if (!answered.has_value()) {
        return MHD_NO;
      }
      outcome = std::move(*answered);
    }
    const PccsResponsePtr response = MakePccsResponse(
        outcome.answer, outcome.fault == PccsFaultKind::kTruncated);
    return response == nullptr
               ? MHD_NO
               : MHD_queue_response(connection, outcome.answer.status,
                                    response.get());
  }

  static MHD_Result Handle(void* closure, MHD_Connection* connection,
                           const char* path, const char* method,
                           const char* /*version*/, const char* /*upload*/,
                           std::size_t* upload_size, void** request) {
    // Answering the first call, before a body could come, would end the
    // connection.
    if (*request == nullptr) {
      *request = closure;
      return MHD_YES;
    }
    *upload_size = 0;
    return static_cast<State*>(closure)->Reply(connection, path, method);
  }

  static void* Remember(void* closure, const char* uri,
                        MHD_Connection* /*connection*/) {
    auto* const state = static_cast<State*>(closure);
    const std::lock_guard lock(state->mutex);
    state->requests.emplace_back(uri);
    return nullptr;
  }

  Result<void> Listen(const PccsOptions& options);
};

Result<void> PccsServer::State::Listen(const PccsOptions& options) {
  ASSIGN_OR_RETURN(ListenAddress address, ParseListenAddress(options.listen));
  const bool tls = !options.tls_certificate.empty() || !options.tls_key.empty();
  unsigned flags =
      MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD;
  std::vector<MHD_OptionItem> items = {
      {MHD_OPTION_SOCK_ADDR, 0, &address.socket},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT,
       static_cast<std::intptr_t>(kConnectionMemory), nullptr},
      {MHD_OPTION_URI_LOG_CALLBACK, reinterpret_cast<std::intptr_t>(&Remember),
       this}};
  std::string certificate = options.tls_certificate;
  std::string key = options.tls_key;
  if (tls) {
    flags |= MHD_USE_TLS;
    items.push_back({MHD_OPTION_HTTPS_MEM_CERT, 0, certificate.data()});
    items.push_back({MHD_OPTION_HTTPS_MEM_KEY, 0, key.data()});
  }
  if (address.socket.ss_family == AF_INET6) {
    flags |= MHD_USE_IPv6;
  }
  items.push_back({MHD_OPTION_END, 0, nullptr});
  daemon.reset(MHD_start_daemon(flags, 0, nullptr, nullptr, &Handle, this,
                                MHD_OPTION_ARRAY, items.data(),
                                MHD_OPTION_END));
  if (daemon == nullptr) {
    return Error(Reason::kIoError, "cannot listen on '" + options.listen + "'" +
                                       (tls ? " with these TLS files" : ""));
  }
  const MHD_DaemonInfo* const info =
      MHD_get_daemon_info(daemon.get(), MHD_DAEMON_INFO_BIND_PORT);
  url = (tls ? "https://" : "http://") + address.host + ":" +
        std::to_string(info == nullptr ? 0 : info->port);
  return {};
}

PccsServer::PccsServer(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
PccsServer::PccsServer(PccsServer&&) noexcept = default;
PccsServer& PccsServer::operator=(PccsServer&&) noexcept = default;
PccsServer::~PccsServer() = default;

Result<PccsServer> PccsServer::Start(const Pki& pki,
                                     const CollateralOptions& collateral,
                                     const PccsOptions& options) {
  auto state = std::make_unique<State>();
  state->pki = &pki;
  state->delay = options.delay;
  state->faults = options.faults;
  RETURN_IF_ERROR(state->Serve(collateral));
  RETURN_IF_ERROR(state->Listen(options));
  return PccsServer(std::move(state));
}

const std::string& PccsServer::url() const { return state_->url; }

Result<void> PccsServer::Serve(const CollateralOptions& collateral) {
  return state_->Serve(collateral);
}

void PccsServer::SetFaults(std::vector<PccsFault> faults) {
  const std::lock_guard lock(state_->mutex);
  state_->faults = std::move(faults);
}

std::vector<std::string> PccsServer::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

}  // namespace tdxvfs::simulator
