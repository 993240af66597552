// SPDX-License-Identifier: Apache-2.0
#include "keyserver/accept_loop.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "keyserver/listener.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TemporaryFolder;

UniqueFd Socket() {
  return UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

void ConnectTo(const std::string& address, const UniqueFd& client) {
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(static_cast<std::uint16_t>(
      std::stoi(address.substr(address.rfind(':') + 1))));
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&target),
                    sizeof(target)),
            0);
}

UniqueFd Connect(const std::string& address) {
  UniqueFd client = Socket();
  ConnectTo(address, client);
  return client;
}

// Whether the other side has closed; waits until it is known.
bool IsClosed(const UniqueFd& client) {
  char byte = 0;
  return recv(client.get(), &byte, 1, 0) <= 0;
}

// What was handed over, one after another.
class Received {
 public:
  void Take(UniqueFd connection) {
    const std::lock_guard lock(mutex_);
    connections_.push_back(std::move(connection));
    changed_.notify_all();
  }
  void WaitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return connections_.size() >= count; });
  }
  UniqueFd TakeFirst() {
    const std::lock_guard lock(mutex_);
    UniqueFd first = std::move(connections_.front());
    connections_.erase(connections_.begin());
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<UniqueFd> connections_;
};

TEST(AcceptLoop, A10_ClosesConnectionsAboveTheCapUntilOneEnds) {
  ASSERT_OK_AND_ASSIGN(TcpListener listener, ListenTcp("127.0.0.1:0"));
  Received received;
  ASSERT_OK_AND_ASSIGN(
      const auto loop,
      AcceptLoop::Start({.listener = std::move(listener.socket),
                         .max_connections = 2,
                         .admit = [](int) { return true; },
                         .hand_over =
                             [&](UniqueFd connection) {
                               received.Take(std::move(connection));
                             }}));
  const UniqueFd first = Connect(listener.address);
  const UniqueFd second = Connect(listener.address);
  received.WaitFor(2);
  const UniqueFd third = Connect(listener.address);
  EXPECT_TRUE(IsClosed(third));
  // gRPC shuts a connection down before it closes it; the count sees that.
  const UniqueFd ended = received.TakeFirst();
  shutdown(ended.get(), SHUT_RDWR);
  UniqueFd fourth;
  do {
    fourth = Connect(listener.address);
    timeval patience{0, 100'000};
    setsockopt(fourth.get(), SOL_SOCKET, SO_RCVTIMEO, &patience,
               sizeof(patience));
    char byte = 0;
    if (recv(fourth.get(), &byte, 1, 0) < 0 && errno == EAGAIN) {
      break;
    }
  } while (true);
  received.WaitFor(2);
}

// Lets the process open `more` descriptors and no others.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t more) {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const UniqueFd lowest(open("/dev/null", O_RDONLY | O_CLOEXEC));
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(lowest.get()) + more;
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

// A listener of gRPC's own would be dead after the first EMFILE.
TEST(AcceptLoop, A10_GoesOnOnceThereAreDescriptorsAgain) {
  ASSERT_OK_AND_ASSIGN(TcpListener listener, ListenTcp("127.0.0.1:0"));
  Received received;
  ASSERT_OK_AND_ASSIGN(
      const auto loop,
      AcceptLoop::Start({.listener = std::move(listener.socket),
                         .max_connections = 3,
                         .admit = [](int) { return true; },
                         .hand_over =
                             [&](UniqueFd connection) {
                               received.Take(std::move(connection));
                             }}));
  // Not before it has handed one over does it surely run: UBSan looks at what a
  // thread begins with, and needs descriptors to.
  const UniqueFd first = Connect(listener.address);
  received.WaitFor(1);
  const UniqueFd waiting = Socket();
  const UniqueFd unlucky = Socket();
  {
    const FewDescriptors none(0);
    ConnectTo(listener.address, waiting);
    timeval patience{0, 200'000};
    setsockopt(waiting.get(), SOL_SOCKET, SO_RCVTIMEO, &patience,
               sizeof(patience));
    char byte = 0;
    EXPECT_EQ(recv(waiting.get(), &byte, 1, 0), -1);
    EXPECT_EQ(errno, EAGAIN) << "it waits in the kernel's queue";
  }
  received.WaitFor(2);
  {
    // Enough to accept, too few to watch: a connection that nobody counts
    // would get around the cap.
    const FewDescriptors one(1);
    ConnectTo(listener.address, unlucky);
    EXPECT_TRUE(IsClosed(unlucky));
  }
  EXPECT_EQ(loop->living(), 2U);
  const UniqueFd lucky = Connect(listener.address);
  received.WaitFor(3);
}

TEST(AcceptLoop, ClosesWhomItDoesNotAdmit) {
  ASSERT_OK_AND_ASSIGN(TcpListener listener, ListenTcp("127.0.0.1:0"));
  ASSERT_OK_AND_ASSIGN(
      const auto loop,
      AcceptLoop::Start({.listener = std::move(listener.socket),
                         .max_connections = 2,
                         .admit = [](int) { return false; },
                         .hand_over = [](UniqueFd) { FAIL(); }}));
  EXPECT_TRUE(IsClosed(Connect(listener.address)));
}

TEST(ListenUnix, MakesASocketForItsOwnerAlone) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "admin.sock";
  ASSERT_OK_AND_ASSIGN(const UniqueFd socket, ListenUnix(path));
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST(ListenUnix, ReplacesASocketOnlyWhenNobodyAnswers) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "admin.sock";
  {
    ASSERT_OK_AND_ASSIGN(const UniqueFd socket, ListenUnix(path));
    EXPECT_THAT(ListenUnix(path), Fails(Reason::kAlreadyExists));
  }
  EXPECT_THAT(ListenUnix(path), Succeeds());
}

TEST(ListenUnix, LeavesOtherFilesAlone) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "admin.sock";
  std::ofstream(path) << "precious";
  EXPECT_THAT(ListenUnix(path), Fails(Reason::kAlreadyExists));
  EXPECT_EQ(std::filesystem::file_size(path), 8U);
  EXPECT_THAT(ListenUnix("/tmp/" + std::string(120, 'x')),
              Fails(Reason::kConfigInvalid));
}

TEST(ListenTcp, RefusesWhatIsNoAddress) {
  EXPECT_THAT(ListenTcp("127.0.0.1:http"), Fails(Reason::kConfigInvalid));
  EXPECT_THAT(ListenTcp("203.0.113.9:0"), Fails(Reason::kConfigInvalid));
}

}  // namespace
}  // namespace tdxvfs::keyserver
