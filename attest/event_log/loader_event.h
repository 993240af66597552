// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_EVENT_LOG_LOADER_EVENT_H_
#define TDXVFS_ATTEST_EVENT_LOG_LOADER_EVENT_H_

#include <cstdint>
#include <span>
#include <vector>

#include "attest/event_log/event_kind.h"
#include "common/result.h"

namespace tdxvfs::event_log {

// An EV_IPL event, by the conventions of those who write them:
// - GRUB: "kernel_cmdline: ..." and "grub_cmd: ..." with the digest of what
//   follows, and a file's path with the digest of the file;
// - systemd-stub (docs/TPM2_PCR_MEASUREMENTS.md there): the name of a section
// of
//   the unified kernel image in UTF-16, first with the digest of the name, then
//   with that of the section; a command line in UTF-16 with its own digest;
// - shim: "MokList" and its relatives, the keys that it trusts.
// Fails with kInternal only.
Result<EventDescription> DescribeLoaderEvent(const Event& event);

// The parts of an event's data that its digest may be of: all, all without the
// NUL at its end, and what follows GRUB's prefixes.
std::vector<std::span<const std::uint8_t>> MeasuredParts(
    std::span<const std::uint8_t> data);

}  // namespace tdxvfs::event_log

#endif  // TDXVFS_ATTEST_EVENT_LOG_LOADER_EVENT_H_
