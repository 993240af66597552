// SPDX-License-Identifier: Apache-2.0
#include "luks/image/make_ext4.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "common/unique_fd.h"

namespace tdxvfs::image {
namespace {

constexpr const char* kProgram = "/usr/sbin/mke2fs";
constexpr int kImageDescriptor = 3;  // of the child
constexpr const char* kImagePath = "/proc/self/fd/3";
// Any one but zero, which asks mke2fs for a random one.
constexpr const char* kUuid = "74647876-6673-4000-8000-000000000000";
// What ext4 has today, named one by one: mke2fs' own defaults are the
// machine's.
constexpr const char* kFeatures =
    "none,filetype,sparse_super,large_file,ext_attr,dir_index,extent,64bit,"
    "flex_bg,huge_file,dir_nlink,extra_isize,metadata_csum";
constexpr std::size_t kMostWords = 4096;  // bytes that are kept of its output

class SpawnActions {
 public:
  SpawnActions() { ok_ = posix_spawn_file_actions_init(&actions_) == 0; }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { (void)posix_spawn_file_actions_destroy(&actions_); }

  void Duplicate(int from, int to) {
    ok_ = ok_ && posix_spawn_file_actions_adddup2(&actions_, from, to) == 0;
  }
  void OpenNull(int to) {
    ok_ = ok_ && posix_spawn_file_actions_addopen(&actions_, to, "/dev/null",
                                                  O_RDWR, 0) == 0;
  }
  bool ok() const { return ok_; }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
  bool ok_ = false;
};

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> CommandLine(const std::filesystem::path& source,
                                     std::uint64_t inodes) {
  return {kProgram,
          "-q",
          "-F",
          "-t",
          "ext4",
          "-b",
          "4096",
          "-I",
          "256",
          "-m",
          "0",
          "-N",
          std::to_string(inodes),
          "-O",
          kFeatures,
          "-U",
          kUuid,
          "-E",
          std::string("hash_seed=") + kUuid,
          "-d",
          source.string(),
          kImagePath};
}

// The last kMostWords of what the child says.
std::string ReadToEnd(int pipe) {
  std::string text;
  std::array<char, 512> piece{};
  while (true) {
    const ssize_t got = ::read(pipe, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return text;
    }
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > kMostWords) {
      text.erase(0, text.size() - kMostWords);
    }
  }
}

// The last line says what was wrong; before it are warnings.
Error Failure(std::string_view words) {
  while (!words.empty() && words.back() == '\n') {
    words.remove_suffix(1);
  }
  const std::string last(words.substr(words.rfind('\n') + 1));
  const bool is_full = last.find("No space left on device") != last.npos ||
                       last.find("Disk quota exceeded") != last.npos;
  return {is_full ? Reason::kNoSpace : Reason::kIoError,
          last.empty() ? "mke2fs failed without a word" : last};
}

Result<int> WaitFor(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      return SystemError(Reason::kInternal, "wait for mke2fs", errno);
    }
  }
  return status;
}

}  // namespace

Result<void> MakeExt4(int file, const std::filesystem::path& source,
                      std::uint64_t inodes) {
  std::array<int, 2> pipe{-1, -1};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return SystemError(Reason::kInternal, "pipe to mke2fs", errno);
  }
  const UniqueFd reads(pipe[0]);
  UniqueFd writes(pipe[1]);
  SpawnActions actions;
  actions.OpenNull(STDIN_FILENO);
  actions.OpenNull(STDOUT_FILENO);
  actions.Duplicate(writes.get(), STDERR_FILENO);
  actions.Duplicate(file, kImageDescriptor);
  if (!actions.ok()) {
    return Error(Reason::kInternal, "prepare mke2fs");
  }
  std::vector<std::string> arguments = CommandLine(source, inodes);
  std::vector<std::string> environment{"E2FSPROGS_FAKE_TIME=1",
                                       "MKE2FS_CONFIG=/dev/null"};
  pid_t child = -1;
  const int spawned =
      ::posix_spawn(&child, kProgram, actions.get(), nullptr,
                    Pointers(arguments).data(), Pointers(environment).data());
  if (spawned == ENOENT) {
    return Error(
        Reason::kNotSupported,
        std::string(kProgram) + " is missing: install the package e2fsprogs");
  }
  if (spawned != 0) {
    return SystemError(Reason::kInternal, "start mke2fs", spawned);
  }
  writes.Reset();
  const std::string words = ReadToEnd(reads.get());
  ASSIGN_OR_RETURN(const int status, WaitFor(child));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Failure(words);
  }
  return {};
}

}  // namespace tdxvfs::image
