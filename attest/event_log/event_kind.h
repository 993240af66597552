// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_EVENT_LOG_EVENT_KIND_H_
#define TDXVFS_ATTEST_EVENT_LOG_EVENT_KIND_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "attest/event_log/event_log.h"
#include "common/result.h"

namespace tdxvfs::event_log {

// What an event is about, as the firmware and boot loaders of today write it:
// TDVF (EDK II), td-shim, shim, GRUB, systemd-boot and systemd-stub, Linux's
// EFI stub. Types and data are not hashed, so a kind is for people, and for
// policies that also pin the registers.
enum class EventKind : std::uint8_t {
  kFirmware,
  kFirmwareConfiguration,
  kSecureBoot,
  kAcpi,
  kBootVariables,
  kBootApplication,
  kPartitionTable,
  kBootLoader,
  kKernel,
  kInitrd,
  kCommandLine,
  kSeparator,
  kAction,
  kOther,
};

inline constexpr std::size_t kEventKindCount =
    static_cast<std::size_t>(EventKind::kOther) + 1;

struct EventKindInfo {
  EventKind kind;
  std::string_view name;   // in policies, such as "command_line"
  std::string_view words;  // for people, such as "kernel command line"
  bool in_policies;        // whether a policy may name it
};

// Never fails.
const EventKindInfo& InfoOf(EventKind kind);

// The kind with this name, if a policy may name it.
std::optional<EventKind> EventKindFromPolicy(std::string_view name);

// What an event says about itself.
struct EventDescription {
  EventKind kind = EventKind::kOther;
  // A variable's name, an image's path, a command line: printable ASCII, at
  // most 1024 characters; empty when it says nothing.
  std::string text;
  // Whether the digest, which alone is hashed into the register, is the one of
  // the event's own data: only then does `text` prove anything.
  bool verified = false;
};

// Fails with kInternal only.
Result<EventDescription> Describe(const Event& event);

}  // namespace tdxvfs::event_log

#endif  // TDXVFS_ATTEST_EVENT_LOG_EVENT_KIND_H_
