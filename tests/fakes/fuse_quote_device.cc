// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fuse_quote_device.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <system_error>
#include <thread>

namespace tdxvfs::testing {
namespace {

const std::filesystem::path kSimulator =
    std::filesystem::path(TDXVFS_PROGRAMS_DIR) / "tdxvfs-simulator";

pid_t Start(std::vector<std::string> words) {
  words.insert(words.begin(), kSimulator.string());
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  pid_t child = -1;
  if (posix_spawn(&child, kSimulator.c_str(), nullptr, nullptr,
                  arguments.data(), environ) != 0) {
    ADD_FAILURE() << "cannot start " << kSimulator;
  }
  return child;
}

}  // namespace

std::string FuseQuoteDevice::Missing() {
  if (!std::filesystem::exists(kSimulator)) {
    return "needs tdxvfs-simulator, which this build leaves out";
  }
  if (access("/dev/fuse", R_OK | W_OK) != 0) {
    return "needs /dev/fuse";
  }
  return {};
}

FuseQuoteDevice::FuseQuoteDevice(const std::vector<std::string>& options) {
  const std::string pki = (folder_.path() / "pki").string();
  int status = 0;
  waitpid(Start({"pki", pki}), &status, 0);
  std::filesystem::create_directory(root());
  std::vector<std::string> words{"fuse", root().string(), "--pki", pki};
  words.insert(words.end(), options.begin(), options.end());
  server_ = Start(words);
  for (int i = 0; i < 400 && !std::filesystem::exists(root() / "tsm"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  EXPECT_TRUE(std::filesystem::exists(root() / "tsm"));
}

FuseQuoteDevice::~FuseQuoteDevice() {
  if (server_ > 0) {
    kill(server_, SIGTERM);
    waitpid(server_, nullptr, 0);
  }
}

std::vector<std::filesystem::path> FuseQuoteDevice::Reports() const {
  std::vector<std::filesystem::path> reports;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(
           root() / "tsm" / "report", ignored)) {
    reports.push_back(entry.path());
  }
  return reports;
}

}  // namespace tdxvfs::testing
