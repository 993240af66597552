// SPDX-License-Identifier: Apache-2.0
#include "luks/image/child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "common/unique_fd.h"

namespace tdxvfs::image {
namespace {

// What the child's three standard descriptors and its file become.
class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }

  // Order matters: `messages` may itself be descriptor 3.
  bool Set(int messages, int file) {
    return ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO,
                                              "/dev/null", O_RDONLY, 0) == 0 &&
           ::posix_spawn_file_actions_adddup2(&actions_, messages,
                                              STDOUT_FILENO) == 0 &&
           ::posix_spawn_file_actions_adddup2(&actions_, messages,
                                              STDERR_FILENO) == 0 &&
           ::posix_spawn_file_actions_adddup2(&actions_, file, kChildFile) == 0;
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

std::string LastLine(int messages) {
  std::array<char, 1024> tail{};
  const off_t size = ::lseek(messages, 0, SEEK_END);
  const auto start = std::max<off_t>(0, size - static_cast<off_t>(tail.size()));
  const ssize_t got = ::pread(messages, tail.data(), tail.size(), start);
  std::string text(tail.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
    text.pop_back();
  }
  const std::size_t line = text.find_last_of("\r\n");
  return line == std::string::npos ? text : text.substr(line + 1);
}

Result<int> WaitFor(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      return SystemError(Reason::kInternal, "wait for a child process", errno);
    }
  }
  return status;
}

}  // namespace

Result<ChildOutcome> RunChild(const std::vector<std::string>& arguments,
                              int file) {
  const UniqueFd messages(::memfd_create("tdxvfs-messages", MFD_CLOEXEC));
  SpawnActions actions;
  if (!messages.valid() || !actions.Set(messages.get(), file)) {
    return SystemError(Reason::kInternal, "prepare a child process", errno);
  }
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) {
    // posix_spawn takes but does not change them.
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  pid_t child = 0;
  const int error_number =
      ::posix_spawnp(&child, arguments.front().c_str(), actions.get(), nullptr,
                     pointers.data(), environ);
  if (error_number != 0) {
    return SystemError(Reason::kFileNotFound,
                       "program '" + arguments.front() + "'", error_number);
  }
  ASSIGN_OR_RETURN(const int status, WaitFor(child));
  ChildOutcome outcome;
  if (WIFEXITED(status)) {
    outcome.exit_code = WEXITSTATUS(status);
    outcome.success = outcome.exit_code == 0;
  } else {
    outcome.signal = WTERMSIG(status);
  }
  outcome.last_line = LastLine(messages.get());
  return outcome;
}

}  // namespace tdxvfs::image
