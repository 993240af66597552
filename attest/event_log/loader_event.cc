// SPDX-License-Identifier: Apache-2.0
#include "attest/event_log/loader_event.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "attest/event_log/log_text.h"
#include "common/hex.h"

namespace tdxvfs::event_log {
namespace {

using enum EventKind;
using Bytes = std::span<const std::uint8_t>;

constexpr std::string_view kGrubCommandLine = "kernel_cmdline: ";
constexpr std::string_view kGrubCommand = "grub_cmd: ";

bool StartsWithAny(std::string_view text,
                   std::initializer_list<std::string_view> starts) {
  return std::any_of(
      starts.begin(), starts.end(),
      [text](std::string_view start) { return text.starts_with(start); });
}

// What a file is, by how distributions name it.
EventKind KindOfFile(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (StartsWithAny(name, {"vmlinuz", "vmlinux", "bzImage", "kernel"})) {
    return kKernel;
  }
  return StartsWithAny(name, {"initrd", "initramfs"}) ? kInitrd : kBootLoader;
}

EventDescription AsciiEvent(Bytes data) {
  const std::string text = AsciiText(data);
  if (text.starts_with(kGrubCommandLine)) {
    return {kCommandLine, text.substr(kGrubCommandLine.size())};
  }
  if (text.starts_with("MokList")) {
    return {kSecureBoot, text};
  }
  const bool is_path = text.starts_with('/') || text.starts_with('(');
  return {is_path ? KindOfFile(text) : kBootLoader, text};
}

EventKind KindOfSection(std::string_view name) {
  if (name == ".linux") {
    return kKernel;
  }
  if (name == ".cmdline") {
    return kCommandLine;
  }
  return name == ".initrd" ? kInitrd : kBootLoader;
}

Result<EventDescription> Utf16Event(const Event& event) {
  const std::string text = Utf16Text(event.data);
  if (text.starts_with('.')) {
    // The first event of each pair is about the name only, NUL included.
    ASSIGN_OR_RETURN(const Sha384Digest of_name,
                     Sha384({AsBytes(text).data(), text.size() + 1}));
    if (of_name == event.digest) {
      return EventDescription{kBootLoader, text, true};
    }
    return EventDescription{KindOfSection(text), text};
  }
  if (text.ends_with("initrd")) {
    return EventDescription{kInitrd, text};
  }
  const auto parts = MeasuredParts(event.data);
  for (const Bytes part : parts) {
    ASSIGN_OR_RETURN(const Sha384Digest digest, Sha384(part));
    if (digest == event.digest) {
      return EventDescription{kCommandLine, text, true};
    }
  }
  return EventDescription{kBootLoader, text};
}

}  // namespace

Result<EventDescription> DescribeLoaderEvent(const Event& event) {
  if (LooksLikeUtf16(event.data)) {
    return Utf16Event(event);
  }
  return AsciiEvent(event.data);
}

std::vector<Bytes> MeasuredParts(Bytes data) {
  std::vector<Bytes> parts = {data};
  Bytes text = data;
  const std::size_t nul = LooksLikeUtf16(data) ? 2 : 1;
  if (text.size() >= nul && text.back() == 0 && text[text.size() - nul] == 0) {
    text = text.first(text.size() - nul);
    parts.push_back(text);
  }
  for (const std::string_view prefix : {kGrubCommandLine, kGrubCommand}) {
    if (AsText(text).starts_with(prefix)) {
      parts.push_back(text.subspan(prefix.size()));
    }
  }
  return parts;
}

}  // namespace tdxvfs::event_log
