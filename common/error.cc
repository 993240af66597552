// SPDX-License-Identifier: Apache-2.0
#include "common/error.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

namespace tdxvfs {
namespace {

// gRPC status codes by number (github.com/grpc/grpc doc/statuscodes.md); the
// floor does not include gRPC.
enum GrpcCode : std::uint8_t {
  kGrpcCancelled = 1,
  kGrpcInvalidArgument = 3,
  kGrpcDeadlineExceeded = 4,
  kGrpcNotFound = 5,
  kGrpcAlreadyExists = 6,
  kGrpcPermissionDenied = 7,
  kGrpcResourceExhausted = 8,
  kGrpcFailedPrecondition = 9,
  kGrpcUnimplemented = 12,
  kGrpcInternal = 13,
  kGrpcUnavailable = 14,
  kGrpcUnauthenticated = 16,
};

using enum Reason;
using enum Retry;

constexpr std::array<ReasonInfo, kReasonCount> kTable{{
    {kInternal, "internal", 1, kGrpcInternal, kNow,
     "this is a defect or a failing machine; see the log"},
    {kStopped, "stopped", 1, kGrpcCancelled, kNever, ""},
    {kUsage, "usage", 2, kGrpcInvalidArgument, kNever, "see --help"},
    {kConfigInvalid, "config-invalid", 2, kGrpcInvalidArgument, kNever,
     "mend the line that the message names"},
    {kConfigMissing, "config-missing", 2, kGrpcFailedPrecondition, kNever,
     "write the configuration file that the message names"},
    {kPermission, "permission-denied", 2, kGrpcPermissionDenied, kNever,
     "run as root or as the owner of the object; a remote administrator needs "
     "a client certificate with that role"},
    {kAlreadyExists, "already-exists", 2, kGrpcAlreadyExists, kNever,
     "nothing is overwritten; move it away or choose another name"},
    {kFileNotFound, "file-not-found", 2, kGrpcNotFound, kNever, ""},
    {kFileUnreadable, "file-unreadable", 2, kGrpcPermissionDenied, kNever, ""},
    {kFileUnwritable, "file-unwritable", 2, kGrpcPermissionDenied, kNever, ""},
    {kFileInvalid, "file-invalid", 2, kGrpcInvalidArgument, kNever, ""},
    {kVolumeNameInvalid, "volume-name-invalid", 2, kGrpcInvalidArgument, kNever,
     "a volume name is 1 to 48 of a-z 0-9 . _ - and starts with a letter or "
     "digit"},
    {kKeyFileMissing, "key-file-missing", 2, kGrpcNotFound, kNever,
     "make one: (umask 077; openssl rand -hex -out FILE 32)"},
    {kPolicyInvalid, "policy-invalid", 2, kGrpcInvalidArgument, kNever,
     "docs/policy.schema.json describes every member"},
    {kPolicyMissing, "policy-missing", 2, kGrpcNotFound, kNever,
     "'tdxvfs policy history NAME' lists the policies of a volume, 'tdxvfs "
     "policy put NAME FILE' sets one"},
    {kNotSupported, "not-supported", 2, kGrpcUnimplemented, kNever, ""},
    {kNoSpace, "no-space", 2, kGrpcResourceExhausted, kNever,
     "make room on the disk and run the command again"},
    {kStoreLocked, "store-locked", 2, kGrpcFailedPrecondition, kNever,
     "another key server uses this store; stop it first"},
    {kStoreKeyWrong, "store-key-wrong", 2, kGrpcFailedPrecondition, kNever,
     "use the master key that this store was made with"},
    {kStoreInvalid, "store-invalid", 2, kGrpcFailedPrecondition, kNever,
     "restore the store from a backup; it is never recreated silently"},
    {kStoreNewer, "store-newer", 2, kGrpcFailedPrecondition, kNever,
     "run the version of tdxvfs-keyserver that wrote this store, or a newer "
     "one"},
    {kAnchorChanged, "anchor-changed", 2, kGrpcFailedPrecondition, kNever,
     "the store was made for another trust anchor; set "
     "attestation.trust_anchor back"},
    {kVolumeUnknown, "volume-unknown", 2, kGrpcNotFound, kNever,
     "'tdxvfs key list' shows the volumes that the server knows"},
    {kVersionUnknown, "version-unknown", 2, kGrpcNotFound, kNever,
     "'tdxvfs key list NAME' shows the versions of a volume"},
    {kAuditUnknown, "audit-unknown", 2, kGrpcNotFound, kNever,
     "'tdxvfs audit list' shows the decisions on record"},
    {kCollateralUnknown, "collateral-unknown", 2, kGrpcNotFound, kNever,
     "the service knows no such platform; check FMSPC, TEE and CA"},
    {kCollateralGone, "collateral-gone", 2, kGrpcNotFound, kNever,
     "the service no longer hands this out"},
    {kQuoteDeviceMissing, "quote-device-missing", 3, kGrpcFailedPrecondition,
     kNever,
     "this needs a TDX guest with configfs-tsm (Linux 6.7 or newer) mounted at "
     "/sys/kernel/config"},
    {kQuoteFailed, "quote-failed", 3, kGrpcUnavailable, kNow,
     "check the host's quote generation service"},
    {kQuoteTimeout, "quote-timeout", 3, kGrpcUnavailable, kNow,
     "check the host's quote generation service"},
    {kServerUnreachable, "server-unreachable", 4, kGrpcUnavailable, kNow,
     "check the address, the network and that the key server runs"},
    {kServerOverloaded, "server-overloaded", 4, kGrpcResourceExhausted, kNow,
     "the key server asks to come back later"},
    {kServerDraining, "server-draining", 4, kGrpcUnavailable, kNow,
     "the key server is stopping; another one or a restart will answer"},
    {kDeadlineExceeded, "deadline-exceeded", 4, kGrpcDeadlineExceeded, kNow,
     ""},
    {kNonceExpired, "nonce-expired", 4, kGrpcDeadlineExceeded, kNow,
     "the quote took longer than the server waits; see the quote service"},
    {kAuditUnavailable, "audit-unavailable", 4, kGrpcUnavailable, kNow,
     "the key server cannot record releases; its log says why"},
    {kCollateralUnreachable, "collateral-unreachable", 4, kGrpcUnavailable,
     kNow, "check the collateral service's address, TLS and health"},
    {kCollateralBusy, "collateral-busy", 4, kGrpcResourceExhausted, kNow,
     "the collateral service asks to come back later"},
    {kServerIdentity, "server-identity", 5, kGrpcUnauthenticated, kNever,
     "the server's certificate does not fit 'ca', 'server_spki' or the host "
     "name of the volume's configuration"},
    {kServerMisbehaved, "server-misbehaved", 5, kGrpcFailedPrecondition, kNever,
     "the server broke the protocol; check which server answers"},
    {kGrantInvalid, "grant-invalid", 5, kGrpcFailedPrecondition, kNever,
     "the grant could not be opened or read; check which server answers"},
    {kGrantMismatch, "grant-mismatch", 5, kGrpcFailedPrecondition, kNever,
     "the grant is for another volume, purpose or header; check which server "
     "answers"},
    {kRequestInvalid, "request-invalid", 5, kGrpcInvalidArgument, kNever,
     "the guest's message does not follow the protocol; compare versions"},
    {kMessageTooLarge, "message-too-large", 5, kGrpcResourceExhausted, kNever,
     ""},
    {kPurposeUnsupported, "purpose-unsupported", 5, kGrpcUnimplemented, kNever,
     "this key server releases keys for opening volumes only"},
    {kEvidenceUnsupported, "evidence-unsupported", 5, kGrpcUnimplemented,
     kNever, "this key server takes TDX quotes, version 4 or 5"},
    {kQuoteInvalid, "quote-invalid", 5, kGrpcPermissionDenied, kSlowly,
     "the quote does not lead to the server's trust anchor; ask the operator "
     "about the audit id"},
    {kBindingMismatch, "binding-mismatch", 5, kGrpcPermissionDenied, kSlowly,
     "the quote was not made for this exchange; ask the operator about the "
     "audit id"},
    {kCollateralUnavailable, "collateral-unavailable", 5, kGrpcUnavailable,
     kSlowly,
     "there is no collateral for this platform that holds and is in date; ask "
     "the operator"},
    {kCollateralInvalid, "collateral-invalid", 5, kGrpcFailedPrecondition,
     kSlowly,
     "what came is not collateral, does not lead to the trust anchor, is out "
     "of date or older than before; check which service answers"},
    {kTcbOutOfDate, "tcb-out-of-date", 5, kGrpcPermissionDenied, kSlowly,
     "update the platform, or ask the operator about the audit id"},
    {kRefusedByPolicy, "refused-by-policy", 5, kGrpcPermissionDenied, kSlowly,
     "ask the operator of the key server about the audit id"},
    {kHeaderUnknown, "header-unknown", 5, kGrpcPermissionDenied, kSlowly,
     "this image is retired or was never registered; copy the current version "
     "of the volume here; an imported one needs 'header' in its file"},
    {kOutcomeInvalid, "outcome-invalid", 5, kGrpcUnauthenticated, kNever, ""},
    {kAuditTampered, "audit-tampered", 5, kGrpcFailedPrecondition, kNever,
     "keep the log as it is; compare it with a copy and with heads that were "
     "kept elsewhere"},
    {kImageMissing, "image-missing", 6, kGrpcFailedPrecondition, kNever,
     "copy the image to the path that the volume's configuration names"},
    {kImageUnreadable, "image-unreadable", 6, kGrpcFailedPrecondition, kNever,
     ""},
    {kImageKind, "image-kind", 6, kGrpcFailedPrecondition, kNever,
     "an image is a regular file or a block device"},
    {kImageTruncated, "image-truncated", 6, kGrpcFailedPrecondition, kNever,
     "copy the image again"},
    {kImageCorrupt, "image-corrupt", 6, kGrpcFailedPrecondition, kNever,
     "the image was changed, or is not the one whose root hash is registered; "
     "copy it again"},
    {kImageNotLuks2, "image-not-luks2", 6, kGrpcFailedPrecondition, kNever,
     "an image begins with a LUKS2 header; 'tdxvfs volume pack' makes one"},
    {kHeaderRefused, "header-refused", 6, kGrpcFailedPrecondition, kNever,
     "the header says something that the profile does not allow"},
    {kHeaderMismatch, "header-mismatch", 6, kGrpcFailedPrecondition, kNever,
     "the image's header is not the one that is registered or in the manifest"},
    {kVerityMissing, "verity-missing", 6, kGrpcFailedPrecondition, kNever,
     "the volume was packed or registered without a hash tree; pack it again "
     "and register the new version with its manifest"},
    {kPassphraseWrong, "passphrase-wrong", 6, kGrpcFailedPrecondition, kNever,
     "another passphrase belongs to this header: name its key file, or "
     "register the volume again"},
    {kLoopFailed, "loop-failed", 6, kGrpcFailedPrecondition, kNow, ""},
    {kMappingFailed, "mapping-failed", 6, kGrpcFailedPrecondition, kNever, ""},
    {kMountFailed, "mount-failed", 6, kGrpcFailedPrecondition, kNever, ""},
    {kMountPointOccupied, "mount-point-occupied", 6, kGrpcFailedPrecondition,
     kNever, "unmount what is there, or choose another mount point"},
    {kVolumeInUse, "volume-in-use", 6, kGrpcFailedPrecondition, kNever,
     "a mapping or mount of this name exists that is not this volume"},
    {kVolumeBusy, "volume-busy", 6, kGrpcFailedPrecondition, kNever,
     "stop the processes that use it, or 'tdxvfs-agent lock --lazy'"},
    {kVolumeNotOpen, "volume-not-open", 6, kGrpcFailedPrecondition, kNever, ""},
    {kIoError, "io-error", 6, kGrpcFailedPrecondition, kNever,
     "the disk or the image is damaged; see the kernel log"},
}};

constexpr bool ReasonsAreInOrder() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].reason) != i) {
      return false;
    }
  }
  return true;
}
static_assert(ReasonsAreInOrder(), "the reason table follows the enum's order");

}  // namespace

const ReasonInfo& InfoOf(Reason reason) {
  return kTable.at(static_cast<std::size_t>(reason));
}

std::optional<Reason> ReasonFromSlug(std::string_view slug) {
  const auto* const row = std::find_if(
      kTable.begin(), kTable.end(),
      [slug](const ReasonInfo& info) { return info.slug == slug; });
  if (row == kTable.end()) {
    return std::nullopt;
  }
  return row->reason;
}

std::string_view RetryName(Retry retry) {
  switch (retry) {
    case Retry::kNow:
      return "now";
    case Retry::kSlowly:
      return "slowly";
    case Retry::kNever:
      break;
  }
  return "never";
}

std::string Error::ToString() const {
  std::string text;
  for (std::size_t i = contexts_.size(); i > 0; --i) {
    text += contexts_[i - 1] + ": ";
  }
  return text + message_;
}

Error&& Error::WithAuditId(std::string audit_id) && {
  audit_id_ = std::move(audit_id);
  return std::move(*this);
}

Error&& Error::WithRetryAfter(std::uint32_t seconds) && {
  retry_after_seconds_ = seconds;
  return std::move(*this);
}

Error SystemError(Reason reason, std::string_view message, int error_number,
                  const char* file, int line) {
  return {reason,
          std::string(message) + ": " +
              std::generic_category().message(error_number),
          file, line};
}

}  // namespace tdxvfs
