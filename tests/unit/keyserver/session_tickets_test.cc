// SPDX-License-Identifier: Apache-2.0
#include "keyserver/session_tickets.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "common/owned_openssl.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::keyserver {
namespace {

using TlsContext = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;

// In a child: OpenSSL's configuration belongs to the process. Code 0 where
// `holds` of the contexts that are made from here on.
[[noreturn]] void Configure(const std::string& file,
                            const std::function<bool(SSL_CTX*)>& holds) {
  setenv("OPENSSL_CONF", file.c_str(), 1);
  if (const auto done = SendNoSessionTickets(); !done.has_value()) {
    (void)fprintf(stderr, "%s\n", done.error().ToString().c_str());
    _exit(2);
  }
  const TlsContext context(SSL_CTX_new(TLS_method()));
  _exit(context != nullptr && holds(context.get()) ? 0 : 1);
}

class SessionTickets : public ::testing::Test {
 protected:
  std::string Write(const std::string& text) const {
    std::string path = (folder_.path() / "openssl.cnf").string();
    std::ofstream(path) << text;
    return path;
  }
  std::string Missing() const { return (folder_.path() / "missing").string(); }

 private:
  testing::TemporaryFolder folder_;
};

bool SendsNone(SSL_CTX* context) {
  return SSL_CTX_get_num_tickets(context) == 0;
}

TEST_F(SessionTickets, AreNotSent) {
  EXPECT_EXIT(Configure(Missing(), SendsNone), ::testing::ExitedWithCode(0),
              "");
  EXPECT_EXIT(Configure(Write("openssl_conf = init\n[init]\n"), SendsNone),
              ::testing::ExitedWithCode(0), "");
}

TEST_F(SessionTickets, WhatTheSystemSetsStands) {
  const std::string file = Write(
      "openssl_conf = init\n[init]\nssl_conf = tls\n[tls]\n"
      "system_default = all\n[all]\nMinProtocol = TLSv1.3\n");
  EXPECT_EXIT(Configure(file,
                        [](SSL_CTX* context) {
                          return SendsNone(context) &&
                                 SSL_CTX_get_min_proto_version(context) ==
                                     TLS1_3_VERSION;
                        }),
              ::testing::ExitedWithCode(0), "");
}

TEST_F(SessionTickets, ADamagedFileIsAnError) {
  EXPECT_EXIT(Configure(Write("[unclosed\n"), SendsNone),
              ::testing::ExitedWithCode(2), "");
}

}  // namespace
}  // namespace tdxvfs::keyserver
