// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_HTTP_CLIENT_H_
#define TDXVFS_COLLATERAL_HTTP_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "common/result.h"

namespace tdxvfs::collateral {

// Caps on an answer, in bytes.
inline constexpr std::size_t kMaxBody = std::size_t{1024} * 1024;
inline constexpr std::size_t kMaxHeaders = std::size_t{64} * 1024;

struct HttpAnswer {
  long status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// GET over HTTP/1.1 with the connection kept open between calls. HTTPS is
// verified by the system's authorities or a file; plain HTTP is for loopback
// addresses only. Redirects are not followed: they come back as answers. Used
// by one thread at a time.
class HttpClient {
 public:
  struct Options {
    std::string ca_file;  // PEM; empty: the system's authorities
    std::chrono::milliseconds connect_timeout{5000};
  };
  // Fails with kInternal.
  static Result<HttpClient> Open(const Options& options);
  HttpClient(HttpClient&& other) noexcept;
  HttpClient& operator=(HttpClient&& other) noexcept;
  ~HttpClient();

  // Fails with kCollateralUnreachable (name, connection, TLS, time, an answer
  // that ends early), kCollateralInvalid (above the caps) or kStopped.
  Result<HttpAnswer> Get(const std::string& url,
                         std::chrono::milliseconds timeout,
                         const std::stop_token& stop);

 private:
  struct Handle;
  explicit HttpClient(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

// That a service is called "https://HOST[:PORT][/PATH]", or "http://" with a
// loopback address, without user, query or fragment. Fails with kUsage.
Result<void> CheckServiceUrl(const std::string& url);

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_HTTP_CLIENT_H_
