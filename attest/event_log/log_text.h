// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_EVENT_LOG_LOG_TEXT_H_
#define TDXVFS_ATTEST_EVENT_LOG_LOG_TEXT_H_

#include <cstdint>
#include <span>
#include <string>

namespace tdxvfs::event_log {

// Text out of an event's data, which may be anything: printable ASCII, other
// characters as '?', at most kLongestText characters. None of these fails;
// data of another form gives an empty string.
inline constexpr std::size_t kLongestText = 1024;

// Up to the first NUL or the end.
std::string AsciiText(std::span<const std::uint8_t> data);

// UTF-16, little-endian, up to the first NUL or the end.
std::string Utf16Text(std::span<const std::uint8_t> data);

// Whether the data can be ASCII in UTF-16: an even number of bytes, at least
// one character, every second byte zero.
bool LooksLikeUtf16(std::span<const std::uint8_t> data);

// One byte of length, then that much ASCII (UEFI_PLATFORM_FIRMWARE_BLOB2,
// UEFI_HANDOFF_TABLE_POINTERS2).
std::string PascalText(std::span<const std::uint8_t> data);

// The name in UEFI_VARIABLE_DATA: GUID (16), name length in characters and
// data length (u64 each), name in UTF-16.
std::string VariableName(std::span<const std::uint8_t> data);

// The path in UEFI_IMAGE_LOAD_EVENT: what its device path says about the file
// that was loaded, such as "\EFI\BOOT\grubx64.efi"; empty for an image that
// was not loaded from a file.
std::string BootImagePath(std::span<const std::uint8_t> data);

// Whether UEFI_IMAGE_LOAD_EVENT says that the image has no device path at all:
// a boot loader started it out of its memory.
bool IsImageFromMemory(std::span<const std::uint8_t> data);

}  // namespace tdxvfs::event_log

#endif  // TDXVFS_ATTEST_EVENT_LOG_LOG_TEXT_H_
