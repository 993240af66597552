// SPDX-License-Identifier: Apache-2.0
#include "attest/event_log/event_kind.h"

#include <algorithm>

#include "attest/event_log/loader_event.h"
#include "attest/event_log/log_text.h"

namespace tdxvfs::event_log {
namespace {

using enum EventKind;
using Bytes = std::span<const std::uint8_t>;

constexpr std::array<EventKindInfo, kEventKindCount> kKinds = {{
    {kFirmware, "firmware", "firmware", true},
    {kFirmwareConfiguration, "firmware_configuration", "firmware configuration",
     true},
    {kSecureBoot, "secure_boot", "secure boot variable", true},
    {kAcpi, "acpi", "ACPI tables", true},
    {kBootVariables, "boot_variables", "boot variable", true},
    {kBootApplication, "boot_application", "boot application", true},
    {kPartitionTable, "partition_table", "partition table", true},
    {kBootLoader, "boot_loader", "boot loader configuration", true},
    {kKernel, "kernel", "kernel", true},
    {kInitrd, "initrd", "initrd", true},
    {kCommandLine, "command_line", "kernel command line", true},
    {kSeparator, "separator", "separator", false},
    {kAction, "action", "firmware action", false},
    {kOther, "other", "other event", false},
}};

// TCG PC Client Platform Firmware Profile 1.06, table 27.
enum EventType : std::uint32_t {
  kEvSeparator = 0x00000004,
  kEvEventTag = 0x00000006,
  kEvPlatformConfigFlags = 0x0000000a,
  kEvIpl = 0x0000000d,
  kEvEfiVariableDriverConfig = 0x80000001,
  kEvEfiVariableBoot = 0x80000002,
  kEvEfiBootServicesApplication = 0x80000003,
  kEvEfiBootServicesDriver = 0x80000004,
  kEvEfiRuntimeServicesDriver = 0x80000005,
  kEvEfiGptEvent = 0x80000006,
  kEvEfiAction = 0x80000007,
  kEvEfiPlatformFirmwareBlob = 0x80000008,
  kEvEfiHandoffTables = 0x80000009,
  kEvEfiPlatformFirmwareBlob2 = 0x8000000a,
  kEvEfiHandoffTables2 = 0x8000000b,
  kEvEfiVariableBoot2 = 0x8000000c,
  kEvEfiVariableAuthority = 0x800000e0,
};

// Linux's EFI stub (drivers/firmware/efi/libstub/efi-stub-helper.c): both lie
// in RTMR2 and have a tag id, a size and a name.
EventDescription TaggedEvent(Bytes data) {
  const std::string text = data.size() > 8 ? AsciiText(data.subspan(8)) : "";
  if (text == "LOADED_IMAGE::LoadOptions") {
    return {kCommandLine, text};
  }
  if (text == "Linux initrd") {
    return {kInitrd, text};
  }
  return {kOther, text};
}

// td-shim logs its payload, the kernel, and the payload's parameters so.
EventDescription PlatformConfig(Bytes data) {
  const std::string text = AsciiText(data);
  if (text.starts_with("ACPI")) {
    return {kAcpi, text};
  }
  if (text == "td_payload_info") {
    return {kCommandLine, text};
  }
  return {kFirmwareConfiguration, text};
}

EventDescription FirmwareBlob(Bytes data) {
  const std::string text = PascalText(data);
  return {text == "td_payload" ? kKernel : kFirmware, text};
}

EventDescription BootImage(Bytes data) {
  EventDescription description{kBootApplication, BootImagePath(data)};
  // QEMU hands a kernel given by -kernel to the firmware under this name; GRUB
  // and systemd-stub start theirs out of memory.
  if (description.text == "kernel" || IsImageFromMemory(data)) {
    description.kind = kKernel;
  }
  return description;
}

// What the record says, before its digest is looked at.
Result<EventDescription> AsWritten(const Event& event) {
  const Bytes data = event.data;
  switch (event.type) {
    case kEvSeparator:
      return EventDescription{kSeparator, ""};
    case kEvEventTag:
      return TaggedEvent(data);
    case kEvPlatformConfigFlags:
      return PlatformConfig(data);
    case kEvIpl:
      return DescribeLoaderEvent(event);
    case kEvEfiVariableDriverConfig:
    case kEvEfiVariableAuthority:
      return EventDescription{kSecureBoot, VariableName(data)};
    case kEvEfiVariableBoot:
    case kEvEfiVariableBoot2:
      return EventDescription{kBootVariables, VariableName(data)};
    case kEvEfiBootServicesApplication:
    case kEvEfiBootServicesDriver:
    case kEvEfiRuntimeServicesDriver:
      return BootImage(data);
    case kEvEfiGptEvent:
      return EventDescription{kPartitionTable, ""};
    case kEvEfiAction:
      return EventDescription{kAction, AsciiText(data)};
    case kEvEfiPlatformFirmwareBlob:
    case kEvEfiPlatformFirmwareBlob2:
      return FirmwareBlob(data);
    case kEvEfiHandoffTables:
    case kEvEfiHandoffTables2:
      return EventDescription{kFirmwareConfiguration, PascalText(data)};
    default:
      return EventDescription{kOther, ""};
  }
}

}  // namespace

const EventKindInfo& InfoOf(EventKind kind) {
  return kKinds.at(static_cast<std::size_t>(kind));
}

std::optional<EventKind> EventKindFromPolicy(std::string_view name) {
  const auto* const found = std::find_if(
      kKinds.begin(), kKinds.end(), [name](const EventKindInfo& info) {
        return info.in_policies && info.name == name;
      });
  if (found == kKinds.end()) {
    return std::nullopt;
  }
  return found->kind;
}

Result<EventDescription> Describe(const Event& event) {
  ASSIGN_OR_RETURN(EventDescription description, AsWritten(event));
  for (const Bytes part : MeasuredParts(event.data)) {
    ASSIGN_OR_RETURN(const Sha384Digest digest, Sha384(part));
    description.verified = description.verified || digest == event.digest;
  }
  return description;
}

}  // namespace tdxvfs::event_log
