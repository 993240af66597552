// SPDX-License-Identifier: Apache-2.0
#include "luks/foreign_volume.h"

#include <errno.h>
#include <fcntl.h>
#include <libcryptsetup.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "common/hex.h"
#include "common/unique_fd.h"
#include "luks/crypt_device.h"
#include "luks/foreign_kind.h"
#include "luks/header.h"
#include "luks/header_metadata.h"
#include "luks/header_profile.h"
#include "luks/imported_profile.h"
#include "luks/luks1_header.h"
#include "luks/luks_format.h"
#include "luks/pinned_header.h"
#include "luks/profile_check.h"
#include "luks/sealed_profile.h"
#include "luks/whole_header.h"

namespace tdxvfs::luks {
namespace {

// What cryptsetup makes of the magic until a LUKS1 volume is whole again.
constexpr std::string_view kUnfinishedLuks1("LUKS\xde\xad", 6);
// Of one of the two, the largest that the format knows.
constexpr std::uint64_t kMaxMetadata = std::uint64_t{4} * 1048576;  // bytes

Result<std::vector<std::uint8_t>> ReadStart(const ImageFile& image,
                                            std::uint64_t size) {
  std::vector<std::uint8_t> bytes(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(image.descriptor(), bytes.data() + done,
                                size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return SystemError(Reason::kImageUnreadable, QuotedName(image), errno);
    }
    if (got == 0) {
      return Error(Reason::kImageTruncated,
                   QuotedName(image) + " ends at byte " + std::to_string(done) +
                       ", inside its header");
    }
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

// libcryptsetup takes files only: a memfd that nobody can change.
Result<UniqueFd> SealedMemory(std::span<const std::uint8_t> bytes) {
  UniqueFd memory(
      ::memfd_create("tdxvfs-header", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.valid() ||
      ::write(memory.get(), bytes.data(), bytes.size()) !=
          static_cast<ssize_t>(bytes.size()) ||
      ::fcntl(memory.get(), F_ADD_SEALS,
              F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    return SystemError(Reason::kInternal, "memory for the header", errno);
  }
  return memory;
}

Result<ForeignVolume> UnlockLuks1(const ImageFile& image,
                                  std::uint64_t header_size,
                                  const Secret& passphrase) {
  ForeignVolume volume;
  volume.luks_version = 1;
  volume.sector_size = kSectorSize;
  ASSIGN_OR_RETURN(volume.header, ReadStart(image, header_size));
  // The bytes that are used now, not those of the first look.
  ASSIGN_OR_RETURN(const Luks1Header checked, ParseLuks1Header(volume.header));
  if (checked.data_offset != header_size) {
    return Error(Reason::kHeaderRefused,
                 "the header changed while it was read");
  }
  volume.uuid = checked.uuid;
  ASSIGN_OR_RETURN(const UniqueFd memory, SealedMemory(volume.header));
  ASSIGN_OR_RETURN(const CryptDevice device,
                   CryptDevice::ForPath(DescriptorPath(memory.get()),
                                        Reason::kHeaderRefused));
  const int code = crypt_load(device.get(), CRYPT_LUKS1, nullptr);
  if (code < 0) {
    return device.LastError(Reason::kHeaderRefused, "LUKS1 header", code);
  }
  ASSIGN_OR_RETURN(volume.volume_key,
                   UnlockVolumeKey(device, passphrase, checked.key_size));
  return volume;
}

// What was sealed by us has a hash tree, which no import would look at and one
// in place would even lose.
Result<void> CheckIsForeign(const Header& header) {
  ASSIGN_OR_RETURN(const HeaderRefusals refusals, SealedRefusals(header));
  return refusals.empty()
             ? Error(Reason::kNotSupported,
                     "the volume is sealed already: 'tdxvfs volume repack' "
                     "makes a new version of it")
             : Result<void>();
}

// One that was sealed, and whose header says the same in other bytes: a label,
// or what a host wrote into the slack. cryptsetup makes no header of this size.
Result<void> CheckWasNotSealed(const HeaderMetadata& metadata,
                               std::uint64_t header_size) {
  const bool was_sealed =
      header_size == kDefaultHeaderSize &&
      CheckHeaderProfile(metadata, kSealedProfile, header_size).has_value();
  return was_sealed
             ? Error(Reason::kHeaderRefused,
                     "a sealed volume whose header was changed since; an "
                     "import would not look at its hash tree. Take another "
                     "copy of it: 'tdxvfs volume verify' says which one holds")
             : Result<void>();
}

// The copy by its own bytes first, then by what libcryptsetup understood.
Result<ForeignVolume> UnlockLuks2(const ImageFile& image,
                                  const Secret& passphrase) {
  ASSIGN_OR_RETURN(const Header header, ReadWholeHeader(image));
  RETURN_IF_ERROR(CheckImportedHeader(header));
  RETURN_IF_ERROR(CheckIsForeign(header));
  ASSIGN_OR_RETURN(const CryptDevice device, CryptDevice::Load(header));
  ASSIGN_OR_RETURN(const std::string json, device.MetadataJson());
  ASSIGN_OR_RETURN(const HeaderMetadata metadata, ParseHeaderMetadata(json));
  RETURN_IF_ERROR(
      CheckHeaderProfile(metadata, kImportedProfile, header.size()));
  RETURN_IF_ERROR(CheckWasNotSealed(metadata, header.size()));
  ForeignVolume volume;
  volume.luks_version = 2;
  volume.uuid = device.uuid();
  volume.sector_size = metadata.segments.front().sector_size;
  ASSIGN_OR_RETURN(volume.header, BytesOf(header));
  const auto key_size = static_cast<std::size_t>(
      std::max(0, crypt_get_volume_key_size(device.get())));
  ASSIGN_OR_RETURN(volume.volume_key,
                   UnlockVolumeKey(device, passphrase, key_size));
  return volume;
}

// The same, but of a sort of volume that is never taken the first words are
// what it is, not which member of its header says so.
Result<ForeignVolume> UnlockOrDescribe(const ImageFile& image,
                                       const Secret& passphrase) {
  auto volume = UnlockLuks2(image, passphrase);
  if (volume.has_value() || volume.error().reason() != Reason::kHeaderRefused) {
    return volume;
  }
  ASSIGN_OR_RETURN(
      const std::vector<std::uint8_t> start,
      ReadStart(image, std::min<std::uint64_t>(image.size(), kMaxMetadata)));
  const std::string kind = DescribeForeignKind(start);
  if (kind.empty()) {
    return volume;
  }
  return Error(Reason::kHeaderRefused,
               kind + " (" + volume.error().ToString() + ")");
}

}  // namespace

Result<ForeignVolume> UnlockForeignVolume(const ImageFile& image,
                                          const Secret& passphrase) {
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> start,
                   ReadStart(image, std::min<std::uint64_t>(image.size(),
                                                            kLuks1HeaderSize)));
  if (AsText(start).substr(0, kUnfinishedLuks1.size()) == kUnfinishedLuks1) {
    return Error(Reason::kHeaderRefused,
                 QuotedName(image) +
                     ": a LUKS1 volume whose re-encryption is not finished: "
                     "finish it with 'cryptsetup reencrypt' where its log "
                     "(LUKS-UUID.log) lies, and import it then");
  }
  if (AsText(start).substr(0, kLuksMagic.size()) != kLuksMagic) {
    return Error(Reason::kImageNotLuks2,
                 QuotedName(image) +
                     " has no LUKS header; if that is in a file of its own, "
                     "open both with 'cryptsetup open --header FILE DATA', " +
                     std::string(kMountAndPack));
  }
  if (!IsLuks1(start)) {
    return UnlockOrDescribe(image, passphrase).Context(QuotedName(image));
  }
  ASSIGN_OR_RETURN(const Luks1Header parsed,
                   ParseLuks1Header(start).Context(QuotedName(image)));
  return UnlockLuks1(image, parsed.data_offset, passphrase)
      .Context(QuotedName(image));
}

}  // namespace tdxvfs::luks
