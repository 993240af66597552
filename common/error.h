// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_ERROR_H_
#define TDXVFS_COMMON_ERROR_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tdxvfs {

// Why something failed. Every reason has one row in the table of error.cc:
// slug, exit code, gRPC code, retry class and hint. Slugs are stable: they
// stand in scripts, units, audit records and on the wire.
enum class Reason : std::uint8_t {
  // Family 1: something of ours went wrong, or we were told to end.
  kInternal,
  kStopped,
  // Family 2: how the program was called or configured.
  kUsage,
  kConfigInvalid,
  kConfigMissing,
  kPermission,
  kAlreadyExists,
  kFileNotFound,
  kFileUnreadable,
  kFileUnwritable,
  kFileInvalid,
  kVolumeNameInvalid,
  kKeyFileMissing,
  kPolicyInvalid,
  kPolicyMissing,
  kNotSupported,
  kNoSpace,
  kStoreLocked,
  kStoreKeyWrong,
  kStoreInvalid,
  kStoreNewer,
  kAnchorChanged,
  kVolumeUnknown,
  kVersionUnknown,
  kAuditUnknown,
  kCollateralUnknown,
  kCollateralGone,
  // Family 3: no quote could be had.
  kQuoteDeviceMissing,
  kQuoteFailed,
  kQuoteTimeout,
  // Family 4: the server could not be reached or asks to come back.
  kServerUnreachable,
  kServerOverloaded,
  kServerDraining,
  kDeadlineExceeded,
  kNonceExpired,
  kAuditUnavailable,
  kCollateralUnreachable,
  kCollateralBusy,
  // Family 5: one side refused to trust the other.
  kServerIdentity,
  kServerMisbehaved,
  kGrantInvalid,
  kGrantMismatch,
  kRequestInvalid,
  kMessageTooLarge,
  kPurposeUnsupported,
  kEvidenceUnsupported,
  kQuoteInvalid,
  kBindingMismatch,
  kCollateralUnavailable,
  kCollateralInvalid,
  kTcbOutOfDate,
  kRefusedByPolicy,
  kHeaderUnknown,
  kOutcomeInvalid,
  kAuditTampered,
  // Family 6: the volume.
  kImageMissing,
  kImageUnreadable,
  kImageKind,
  kImageTruncated,
  kImageCorrupt,
  kImageNotLuks2,
  kHeaderRefused,
  kHeaderMismatch,
  kVerityMissing,
  kPassphraseWrong,
  kLoopFailed,
  kMappingFailed,
  kMountFailed,
  kMountPointOccupied,
  kVolumeInUse,
  kVolumeBusy,
  kVolumeNotOpen,
  kIoError,
};

inline constexpr std::size_t kReasonCount =
    static_cast<std::size_t>(Reason::kIoError) + 1;

// Whether trying again can help: never by itself, at once with backoff, or
// only after an operator has mended something on the server.
enum class Retry : std::uint8_t { kNever, kNow, kSlowly };

// One row of the reason table.
struct ReasonInfo {
  Reason reason;
  std::string_view slug;  // lower-case words joined by '-'
  int exit_code;          // family, 1 to 6 (docs/man, EXIT STATUS)
  int grpc_code;          // grpc::StatusCode as a number
  Retry retry;
  std::string_view hint;  // what to do; empty when nothing can be said
};

// The row of a reason. Never fails.
const ReasonInfo& InfoOf(Reason reason);

// The reason with this slug, or nothing. Used for slugs read off the wire.
std::optional<Reason> ReasonFromSlug(std::string_view slug);

// "never", "now" or "slowly".
std::string_view RetryName(Retry retry);

// A failure: what (Reason), which object and the system's own words (message),
// what was being done (contexts, innermost first) and where it was born.
// Carries no hint, no exit code and never a secret.
class Error {
 public:
  Error(Reason reason, std::string message, const char* file = __builtin_FILE(),
        int line = __builtin_LINE())
      : reason_(reason),
        message_(std::move(message)),
        file_(file),
        line_(line) {}

  Reason reason() const { return reason_; }
  // The innermost message alone.
  const std::string& message() const { return message_; }
  // "outermost: ...: innermost", as shown to people.
  std::string ToString() const;
  const char* file() const { return file_; }
  int line() const { return line_; }

  // Set on refusals that came from a key server; empty otherwise.
  const std::string& audit_id() const { return audit_id_; }
  Error&& WithAuditId(std::string audit_id) &&;
  // Set when the server said when to come back, in seconds; 0 otherwise.
  std::uint32_t retry_after_seconds() const { return retry_after_seconds_; }
  Error&& WithRetryAfter(std::uint32_t seconds) &&;

  // Adds what the caller was doing, for example "open volume 'data'".
  void AddContext(std::string context) {
    contexts_.push_back(std::move(context));
  }

 private:
  Reason reason_;
  std::string message_;
  std::vector<std::string> contexts_;
  std::string audit_id_;
  std::uint32_t retry_after_seconds_ = 0;
  const char* file_;
  int line_;
};

// An error about a system call: "MESSAGE: strerror(error_number)".
Error SystemError(Reason reason, std::string_view message, int error_number,
                  const char* file = __builtin_FILE(),
                  int line = __builtin_LINE());

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_ERROR_H_
