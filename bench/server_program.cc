// SPDX-License-Identifier: Apache-2.0
#include "bench/server_program.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <utility>

#include "bench/must.h"
#include "common/unique_fd.h"
#include "keyserver/listener.h"

namespace tdxvfs::bench {
namespace {

constexpr int kFirstPassedSocket = 3;  // sd_listen_fds(3)
constexpr double kKibPerMib = 1024;

std::filesystem::path ProcessFile(pid_t process, const char* name) {
  return std::filesystem::path("/proc") / std::to_string(process) / name;
}

// In the child: becomes the server, with this socket.
[[noreturn]] void Become(const ServerProgram::Command& command, int socket) {
  StayOnCore(command.core);
  const UniqueFd log(open((command.folder / "server.log").c_str(),
                          O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  MustSystem(log.valid() && dup2(log.get(), STDERR_FILENO) >= 0,
             "open the server's log");
  // dup2 leaves the flag on a descriptor that has its number already.
  MustSystem(socket == kFirstPassedSocket
                 ? fcntl(socket, F_SETFD, 0) == 0
                 : dup2(socket, kFirstPassedSocket) >= 0,
             "pass the socket");
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", "1", 1);
  setenv("LISTEN_FDNAMES", "guests", 1);
  execl(command.program.c_str(), command.program.c_str(), "--config",
        command.config.c_str(), "serve", nullptr);
  MustSystem(false, "start the server");
  _exit(1);
}

}  // namespace

void StayOnCore(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<unsigned>(core), &cores);
  MustSystem(sched_setaffinity(0, sizeof(cores), &cores) == 0,
             "stay on a core");
}

ServerProgram::ServerProgram(const Command& command) {
  const keyserver::TcpListener listener =
      Must(keyserver::ListenTcp("127.0.0.1:0"));
  address_ = listener.address;
  process_ = fork();
  MustSystem(process_ >= 0, "fork");
  if (process_ == 0) {
    Become(command, listener.socket.get());
  }
}

ServerProgram::~ServerProgram() {
  (void)kill(process_, SIGTERM);
  (void)waitpid(process_, nullptr, 0);
}

ServerProgram::Memory ServerProgram::Look() const {
  std::ifstream status(ProcessFile(process_, "status"));
  Memory memory;
  std::string word;
  while (status >> word) {
    if (word == "VmRSS:" || word == "VmHWM:") {
      double& place = word == "VmRSS:" ? memory.resident : memory.peak;
      status >> place;
      place /= kKibPerMib;
    }
  }
  return memory;
}

double ServerProgram::CpuSeconds() const {
  std::ifstream status(ProcessFile(process_, "stat"));
  // proc(5): after the name in brackets, which has none of its own here, utime
  // and stime are the 12th and 13th.
  status.ignore(std::numeric_limits<std::streamsize>::max(), ')');
  std::string skipped;
  for (int i = 0; i < 11; ++i) {
    status >> skipped;
  }
  double user = 0;
  double system = 0;
  status >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace tdxvfs::bench
