// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_SUPPORT_RELEASE_RIG_H_
#define TDXVFS_TESTS_SUPPORT_RELEASE_RIG_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "attest/quote.h"
#include "attest/report_data.h"
#include "common/clock.h"
#include "common/result.h"
#include "common/sha256.h"
#include "common/x25519.h"
#include "keyserver/config.h"
#include "keyserver/key_server.h"
#include "simulator/pki.h"
#include "simulator/quote_signer.h"
#include "tdxvfs/admin/v1/admin.grpc.pb.h"
#include "tdxvfs/v1/release.grpc.pb.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::testing {

inline constexpr std::string_view kRigVolume = "data";
inline constexpr std::string_view kRigPassphrase = "a passphrase of the rig";
inline constexpr std::uint8_t kRigHeader = 7;  // first byte of its digest

// A real key server in this process, behind real TLS on a port of the
// kernel's choice, with a pretend Intel of its own as trust anchor and one
// volume that GuestReport() satisfies. Failures are reported to GoogleTest.
class ReleaseRig {
 public:
  using Change = std::function<void(keyserver::Config*)>;
  // `clock` outlives the rig; null: the machine's own.
  explicit ReleaseRig(
      const Change& change = [](keyserver::Config*) {},
      const Clock* clock = nullptr);

  keyserver::KeyServer& server() { return *server_; }
  const keyserver::Config& config() const { return config_; }
  const simulator::Pki& pki() const { return *pki_; }
  const simulator::QuoteSigner& signer() const { return *signer_; }
  const Sha256Digest& certificate_sha256() const { return certificate_; }
  std::shared_ptr<grpc::Channel> GuestChannel() const;
  admin::v1::Administration::Stub& admin() { return *admin_; }

  // Starts the server again, with another configuration if wanted.
  void Restart(const Change& change = [](keyserver::Config*) {});
  // Stops the server for good: its files are free for another one.
  void End();
  // From now on guests' quotes have certification data of this type.
  void SetCertificationType(std::uint16_t type);
  // Registers a header for a volume and returns the status.
  grpc::Status PutVersion(std::string_view volume, std::uint8_t header,
                          const std::string& profile = "sealed-1");
  grpc::Status PutPolicy(std::string_view volume, const std::string& json);
  // The JSON of a decision, "" when there is none.
  std::string Audit(const std::string& audit_id);
  // The newest decision's JSON.
  std::string LastAudit();

  // What the guests of these tests measure, and a policy for it.
  static attest::TdReport GuestReport();
  static std::string GuestPolicy();
  // 32 bytes that begin with this one.
  static std::string Digest(std::uint8_t first);

 private:
  void Start();

  const Clock* const clock_;
  TemporaryFolder folder_;
  keyserver::Config config_;
  std::unique_ptr<simulator::Pki> pki_;
  std::unique_ptr<simulator::QuoteSigner> signer_;
  std::string ca_pem_;
  Sha256Digest certificate_{};
  std::unique_ptr<keyserver::KeyServer> server_;
  std::unique_ptr<admin::v1::Administration::Stub> admin_;
};

// How a stream ended.
struct Ending {
  grpc::Status status;
  std::string reason;  // slug of the Refusal; empty when there is none
  std::string audit_id;
  std::uint32_t retry_after = 0;
};

// One unlock by hand: every message is the caller's, true or not.
class RawGuest {
 public:
  explicit RawGuest(const ReleaseRig& rig);
  ~RawGuest();

  // Messages that are right; the caller may change them before Send.
  v1::GuestMessage Begin(std::string_view volume = kRigVolume) const;
  // Bound to `challenge` and to what Begin() said.
  v1::GuestMessage EvidenceFor(
      const v1::Challenge& challenge,
      const attest::TdReport& report = ReleaseRig::GuestReport()) const;
  v1::GuestMessage OutcomeFor(const v1::Release& release, bool opened);

  bool Send(const v1::GuestMessage& message);
  // The next message, or nothing when the stream has ended.
  std::optional<v1::ServerMessage> Receive();
  Ending Finish();
  void Cancel();

  // Begin and Challenge.
  v1::Challenge Open(std::string_view volume = kRigVolume);
  // Sends evidence, and how the server refuses it; fails when it does not.
  Ending Refused(const v1::GuestMessage& evidence);
  // The grant inside a release.
  std::optional<v1::VolumeGrant> OpenGrant(const v1::Release& release);

  const X25519KeyPair& key() const { return key_; }
  // What report_data is made of; changed members make a lying quote.
  struct Claims {
    std::string volume{kRigVolume};
    std::string header{ReleaseRig::Digest(kRigHeader)};
    std::string certificate;
    std::string config_digest{ReleaseRig::Digest(9)};
  };
  Claims& claims() { return claims_; }

 private:
  attest::ReportDataBytes ReportDataFor(const std::string& nonce) const;

  const ReleaseRig& rig_;
  X25519KeyPair key_;
  Claims claims_;
  std::string nonce_;
  std::unique_ptr<v1::KeyRelease::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::GuestMessage, v1::ServerMessage>>
      stream_;
  Secret outcome_key_;
  bool finished_ = false;
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_SUPPORT_RELEASE_RIG_H_
