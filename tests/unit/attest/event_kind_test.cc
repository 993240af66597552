// SPDX-License-Identifier: Apache-2.0
#include "attest/event_log/event_kind.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/hex.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::event_log {
namespace {

using enum EventKind;
using Bytes = std::vector<std::uint8_t>;

Bytes Ascii(std::string_view text) {
  const auto bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

Bytes Utf16(std::string_view text) {
  Bytes bytes;
  for (const char c : text) {
    bytes.push_back(static_cast<std::uint8_t>(c));
    bytes.push_back(0);
  }
  return bytes;
}

Bytes Join(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

EventDescription DescriptionOf(std::uint32_t type, const Bytes& data,
                               const Bytes& measured = {0xff}) {
  const Event event{.mr_index = 3,
                    .type = type,
                    .digest = Sha384(measured).value(),
                    .data = data};
  return Describe(event).value();
}

TEST(EventKind, FollowsTheConventionsOfFirmwareAndLoaders) {
  struct Row {
    std::uint32_t type;
    Bytes data;
    EventKind kind;
    std::string text;
  };
  const std::string nul(1, '\0');
  const Bytes tag(8, 1);
  const std::vector<Row> rows = {
      {0x06, Join(tag, Ascii("LOADED_IMAGE::LoadOptions" + nul)), kCommandLine,
       "LOADED_IMAGE::LoadOptions"},
      {0x06, Join(tag, Ascii("Linux initrd" + nul)), kInitrd, "Linux initrd"},
      {0x06, Bytes(3, 1), kOther, ""},
      {0x0a, Ascii("ACPI DATA"), kAcpi, "ACPI DATA"},
      {0x0a, Ascii("td_payload_info" + nul + "quiet"), kCommandLine,
       "td_payload_info"},
      {0x0a, Ascii("td_hob"), kFirmwareConfiguration, "td_hob"},
      {0x0d, Ascii("kernel_cmdline: /vmlinuz quiet" + nul), kCommandLine,
       "/vmlinuz quiet"},
      {0x0d, Ascii("grub_cmd: set default=2" + nul), kBootLoader,
       "grub_cmd: set default=2"},
      {0x0d, Ascii("/boot/vmlinuz-6.8.0" + nul), kKernel,
       "/boot/vmlinuz-6.8.0"},
      {0x0d, Ascii("(hd0,gpt2)/initrd.img" + nul), kInitrd,
       "(hd0,gpt2)/initrd.img"},
      {0x0d, Ascii("/efi/boot/grub.cfg" + nul), kBootLoader,
       "/efi/boot/grub.cfg"},
      {0x0d, Ascii("MokListX" + nul), kSecureBoot, "MokListX"},
      {0x0d, Utf16(".linux" + nul), kKernel, ".linux"},
      {0x0d, Utf16(".initrd" + nul), kInitrd, ".initrd"},
      {0x0d, Utf16(".cmdline" + nul), kCommandLine, ".cmdline"},
      {0x0d, Utf16(".osrel" + nul), kBootLoader, ".osrel"},
      {0x0d, Utf16("Credentials initrd" + nul), kInitrd, "Credentials initrd"},
      {0x80000007, Ascii("Exit Boot Services Invocation"), kAction,
       "Exit Boot Services Invocation"},
      {0x80000008, Join({5}, Ascii("Fv(1)")), kFirmware, "Fv(1)"},
      {0x8000000a, Join({11}, Ascii("td_payload" + nul)), kKernel,
       "td_payload"},
      {0x8000000b, Join({9}, Ascii("TdxTable" + nul)), kFirmwareConfiguration,
       "TdxTable"},
      {0x80000006, Ascii("EFI PART"), kPartitionTable, ""},
      {0x04, Bytes(4, 0), kSeparator, ""},
      {0x12345678, Ascii("?"), kOther, ""}};
  for (const Row& row : rows) {
    const EventDescription description = DescriptionOf(row.type, row.data);
    EXPECT_EQ(InfoOf(description.kind).name, InfoOf(row.kind).name)
        << AsText(row.data);
    EXPECT_EQ(description.text, row.text);
    EXPECT_FALSE(description.verified);
  }
}

TEST(EventKind, DataIsVerifiedOnlyWhereTheDigestIsItsOwn) {
  const std::string nul(1, '\0');
  const Bytes separator(4, 0);
  EXPECT_TRUE(DescriptionOf(0x04, separator, separator).verified);
  EXPECT_FALSE(DescriptionOf(0x04, separator, Bytes(4, 1)).verified);
  const Bytes grub = Ascii("kernel_cmdline: a b" + nul);
  EXPECT_TRUE(DescriptionOf(0x0d, grub, Ascii("a b")).verified);
  EXPECT_FALSE(DescriptionOf(0x0d, grub, Ascii("a c")).verified);
  EXPECT_FALSE(DescriptionOf(0x0d, Ascii("/vmlinuz"), Bytes{}).verified);
}

TEST(EventKind, SystemdsCommandLineIsOneOnlyWhereItsDigestSaysSo) {
  const Bytes text = Utf16("root=/dev/vda quiet");
  const Bytes logged = Join(text, {0, 0});
  const EventDescription good = DescriptionOf(0x0d, logged, text);
  EXPECT_EQ(good.kind, kCommandLine);
  EXPECT_TRUE(good.verified);
  EXPECT_EQ(DescriptionOf(0x0d, logged).kind, kBootLoader);
}

TEST(EventKind, NameOfASectionIsNotTheSection) {
  const std::string nul(1, '\0');
  const EventDescription name =
      DescriptionOf(0x0d, Utf16(".linux" + nul), Ascii(".linux" + nul));
  EXPECT_EQ(name.kind, kBootLoader);
  EXPECT_TRUE(name.verified);
}

// An image-load event with one file path node.
Bytes Image(std::string_view path) {
  const std::string nul(1, '\0');
  Bytes file = path.empty() ? Bytes{} : Utf16(std::string(path) + nul);
  Bytes data(32, 0);
  if (!path.empty()) {
    data[24] = static_cast<std::uint8_t>(file.size() + 8);
    data = Join(data, {4, 4, static_cast<std::uint8_t>(file.size() + 4), 0});
    data = Join(data, file);
    data = Join(data, {0x7f, 0xff, 4, 0});
  }
  return data;
}

TEST(EventKind, BootImagesAreNamedByTheirDevicePath) {
  const EventDescription grub =
      DescriptionOf(0x80000003, Image(R"(\EFI\BOOT\grubx64.efi)"));
  EXPECT_EQ(grub.kind, kBootApplication);
  EXPECT_EQ(grub.text, R"(\EFI\BOOT\grubx64.efi)");
  EXPECT_EQ(DescriptionOf(0x80000003, Image("kernel")).kind, kKernel);
  EXPECT_EQ(DescriptionOf(0x80000003, Image("")).kind, kKernel);
}

TEST(EventKind, A9_HostileDataGivesShortPrintableText) {
  Bytes data(100'000, 0x01);
  const EventDescription action = DescriptionOf(0x80000007, data);
  EXPECT_EQ(action.text, std::string(1024, '?'));
  // A variable whose name claims to be as long as memory is.
  Bytes variable(40, 'x');
  std::fill(variable.begin() + 16, variable.begin() + 32, 0xff);
  EXPECT_LE(DescriptionOf(0x80000001, variable).text.size(), 4U);
  // Device path nodes of length 0 would never end.
  Bytes image = Image("a");
  image[34] = 0;
  EXPECT_EQ(DescriptionOf(0x80000003, image).text, "");
}

TEST(EventKind, PoliciesNameEveryKindButThoseThatSayNothing) {
  for (std::size_t i = 0; i < kEventKindCount; ++i) {
    const EventKindInfo& info = InfoOf(static_cast<EventKind>(i));
    EXPECT_EQ(static_cast<std::size_t>(info.kind), i);
    const auto found = EventKindFromPolicy(info.name);
    EXPECT_EQ(found.has_value(), info.in_policies) << info.name;
  }
  EXPECT_EQ(EventKindFromPolicy("Kernel"), std::nullopt);
}

}  // namespace
}  // namespace tdxvfs::event_log
