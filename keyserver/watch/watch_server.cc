// SPDX-License-Identifier: Apache-2.0
#include "keyserver/watch/watch_server.h"

#include <microhttpd.h>

#include <string_view>
#include <utility>

#include "common/owned_openssl.h"
#include "keyserver/listener.h"

namespace tdxvfs::keyserver {
namespace {

using DaemonPtr = std::unique_ptr<MHD_Daemon, FreeWith<MHD_stop_daemon>>;
using ResponsePtr =
    std::unique_ptr<MHD_Response, FreeWith<MHD_destroy_response>>;

// One scraper and a prober or two; everybody else waits.
constexpr unsigned kMaxConnections = 16;
constexpr unsigned kTimeoutSeconds = 10;
constexpr std::size_t kConnectionMemory = 16UL * 1024;

struct Page {
  unsigned status = MHD_HTTP_OK;
  const char* type = "text/plain; charset=utf-8";
  std::string body;
};

}  // namespace

struct WatchServer::State {
  Sources sources;
  std::string address;
  DaemonPtr daemon;

  Page Make(std::string_view method, std::string_view path) const {
    if (method != MHD_HTTP_METHOD_GET && method != MHD_HTTP_METHOD_HEAD) {
      return {.status = MHD_HTTP_METHOD_NOT_ALLOWED, .body = "GET or HEAD\n"};
    }
    if (path == "/metrics") {
      return {.type = "text/plain; version=0.0.4; charset=utf-8",
              .body = sources.metrics()};
    }
    if (path == "/readyz") {
      Readiness::Answer answer = sources.readiness();
      return {.status = static_cast<unsigned>(
                  answer.ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE),
              .body = std::move(answer.text)};
    }
    if (path == "/livez") {
      return {.body = "ok\n"};
    }
    return {.status = MHD_HTTP_NOT_FOUND,
            .body = "/metrics, /readyz or /livez\n"};
  }

  MHD_Result Reply(MHD_Connection* connection, const char* method,
                   const char* path) const {
    Page page = Make(method, path);
    const ResponsePtr response(MHD_create_response_from_buffer(
        page.body.size(), page.body.data(), MHD_RESPMEM_MUST_COPY));
    if (!response ||
        MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CONTENT_TYPE,
                                page.type) != MHD_YES) {
      return MHD_NO;
    }
    return MHD_queue_response(connection, page.status, response.get());
  }

  static MHD_Result Handle(void* closure, MHD_Connection* connection,
                           const char* path, const char* method,
                           const char* /*version*/, const char* /*upload*/,
                           std::size_t* upload_size, void** request) {
    // A body is refused before it is read; answering the first call of a
    // request without one would end the connection.
    if (*request == nullptr && std::string_view(method) == "GET") {
      *request = closure;
      return MHD_YES;
    }
    *upload_size = 0;
    return static_cast<State*>(closure)->Reply(connection, method, path);
  }
};

WatchServer::WatchServer(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
WatchServer::~WatchServer() = default;

Result<std::unique_ptr<WatchServer>> WatchServer::Start(
    const std::string& address, Sources sources) {
  ASSIGN_OR_RETURN(TcpListener listener, ListenTcp(address));
  auto state = std::make_unique<State>();
  state->sources = std::move(sources);
  state->address = listener.address;
  // epoll: a busy server has more descriptors than select() can watch.
  state->daemon.reset(MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD, 0, nullptr, nullptr, &State::Handle,
      state.get(), MHD_OPTION_LISTEN_SOCKET, listener.socket.get(),
      MHD_OPTION_CONNECTION_LIMIT, kMaxConnections,
      MHD_OPTION_CONNECTION_TIMEOUT, kTimeoutSeconds,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemory, MHD_OPTION_END));
  if (!state->daemon) {
    return Error(Reason::kInternal,
                 "cannot serve metrics on '" + address + "'");
  }
  // The daemon closes it.
  (void)listener.socket.Release();
  return std::unique_ptr<WatchServer>(new WatchServer(std::move(state)));
}

const std::string& WatchServer::address() const { return state_->address; }

}  // namespace tdxvfs::keyserver
