// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_FAKES_CANNED_HTTP_SERVER_H_
#define TDXVFS_TESTS_FAKES_CANNED_HTTP_SERVER_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/unique_fd.h"

namespace tdxvfs::testing {

// A loopback HTTP server that answers each target (path and query) with the
// bytes given for it, whatever they are, and then closes the connection; any
// other target with 404. An empty answer: none comes, the connection stands.
class CannedHttpServer {
 public:
  CannedHttpServer();
  CannedHttpServer(const CannedHttpServer&) = delete;
  CannedHttpServer& operator=(const CannedHttpServer&) = delete;
  ~CannedHttpServer();

  void Answer(const std::string& target, std::string bytes);
  // 200 with these header lines (each ending in CR LF) and this body.
  void AnswerOk(const std::string& target, const std::string& headers,
                const std::string& body);
  std::string url() const;
  // The targets asked for so far.
  std::vector<std::string> requests() const;

 private:
  void Serve();
  void AnswerOne(UniqueFd connection, std::vector<UniqueFd>* held);

  UniqueFd listener_;
  UniqueFd stop_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> answers_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_FAKES_CANNED_HTTP_SERVER_H_
