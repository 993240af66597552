// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_BENCH_PRETEND_FLEET_H_
#define TDXVFS_BENCH_PRETEND_FLEET_H_

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "attest/quote.h"
#include "simulator/pccs_server.h"
#include "simulator/pki.h"
#include "simulator/quote_signer.h"

namespace tdxvfs::bench {

inline constexpr const char* kFleetVolume = "bench";

// What a key server and its guests stand on: a pretend Intel that serves
// collateral, a folder as `tdxvfs-keyserver init` makes it, and the quoting
// enclave of one platform. The folder goes with it. Failures end the program.
class PretendFleet {
 public:
  // `limits`: lines for the server's [limits].
  explicit PretendFleet(std::string_view limits);
  PretendFleet(const PretendFleet&) = delete;
  PretendFleet& operator=(const PretendFleet&) = delete;
  ~PretendFleet();

  // keyserver.toml: listens on a port of 127.0.0.1, collateral from the pretend
  // service, audit on.
  const std::filesystem::path& config() const { return config_; }
  const std::string& ca_pem() const { return ca_pem_; }
  // Of the certificate that the server serves, 32 bytes.
  const std::string& certificate_sha256() const { return certificate_sha256_; }
  const std::filesystem::path& folder() const { return folder_; }
  const simulator::QuoteSigner& signer() const { return *signer_; }
  // What the volume's policy asks for.
  const attest::TdReport& report() const { return report_; }
  // SHA-256 of the header that the volume is registered with.
  const std::string& header() const { return header_; }

  // Registers the volume with one version and a policy. Returns the size that
  // its grant has when sealed.
  std::size_t RegisterVolume() const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path config_;
  std::string ca_pem_;
  std::string certificate_sha256_;
  std::unique_ptr<simulator::Pki> pki_;
  std::unique_ptr<simulator::PccsServer> collateral_;
  std::unique_ptr<simulator::QuoteSigner> signer_;
  attest::TdReport report_;
  std::string header_ = std::string(32, 'h');
};

}  // namespace tdxvfs::bench

#endif  // TDXVFS_BENCH_PRETEND_FLEET_H_
