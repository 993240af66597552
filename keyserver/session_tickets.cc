// SPDX-License-Identifier: Apache-2.0
#include "keyserver/session_tickets.h"

#include <unistd.h>

#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/openssl_error.h"
#include "common/owned_openssl.h"

namespace tdxvfs::keyserver {
namespace {

using ConfPtr = std::unique_ptr<CONF, FreeWith<NCONF_free>>;

Result<ConfPtr> ReadConf(const std::string& text) {
  const BioPtr input(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  ConfPtr conf(NCONF_new(nullptr));
  long line = 0;
  if (input == nullptr || conf == nullptr ||
      NCONF_load_bio(conf.get(), input.get(), &line) != 1) {
    return OpensslError(Reason::kInternal, "read OpenSSL's configuration");
  }
  return conf;
}

// The section that `name` leads to, `otherwise` where none is named.
std::string SectionIn(const CONF* conf, const std::string& section,
                      const char* name, const char* otherwise) {
  const char* const found = NCONF_get_string(conf, section.c_str(), name);
  ERR_clear_error();
  return found == nullptr ? otherwise : found;
}

// A line that takes the system's file in, where there is one.
std::string SystemConf() {
  const std::unique_ptr<char, FreeWith<[](char* path) { OPENSSL_free(path); }>>
      path(CONF_get1_default_config_file());
  return path == nullptr || access(path.get(), R_OK) != 0
             ? std::string()
             : ".include " + std::string(path.get()) + "\n";
}

}  // namespace

Result<void> SendNoSessionTickets() {
  // What OpenSSL reads by itself it reads now, so that it does not come later
  // and replace what follows.
  if (OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, nullptr) != 1) {
    return OpensslError(Reason::kInternal, "start OpenSSL");
  }
  const std::string system = SystemConf();
  ASSIGN_OR_RETURN(const ConfPtr theirs, ReadConf(system));
  const std::string program =
      SectionIn(theirs.get(), "default", "openssl_conf", "tdxvfs_program");
  const std::string ssl =
      SectionIn(theirs.get(), program, "ssl_conf", "tdxvfs_ssl");
  const std::string defaults =
      SectionIn(theirs.get(), ssl, "system_default", "tdxvfs_defaults");
  ASSIGN_OR_RETURN(
      const ConfPtr ours,
      ReadConf(system +
               "[default]\ntdxvfs_conf = tdxvfs_modules\n"
               "[tdxvfs_modules]\nssl_conf = " +
               ssl + "\n[" + ssl + "]\nsystem_default = " + defaults + "\n[" +
               defaults + "]\nNumTickets = 0\n"));
  if (CONF_modules_load(ours.get(), "tdxvfs_conf", 0) <= 0) {
    return OpensslError(Reason::kInternal, "configure OpenSSL");
  }
  return {};
}

}  // namespace tdxvfs::keyserver
