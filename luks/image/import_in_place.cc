// SPDX-License-Identifier: Apache-2.0
#include "luks/image/import_in_place.h"

#include <errno.h>
#include <fcntl.h>
#include <libcryptsetup.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <system_error>
#include <utility>

#include "common/sha256.h"
#include "common/unique_fd.h"
#include "luks/crypt_device.h"
#include "luks/foreign_volume.h"
#include "luks/header_metadata.h"
#include "luks/header_profile.h"
#include "luks/image/ext4_file_system.h"
#include "luks/image/foreign_reader.h"
#include "luks/image/key_slot.h"
#include "luks/image/pending_file.h"
#include "luks/mount.h"
#include "luks/super_block.h"

namespace tdxvfs::image {
namespace {

using luks::CryptDevice;

constexpr std::size_t kMinPassphrase = 32;  // bytes

// Destroys every key slot, whose room may be needed, then adds the new one: the
// library still knows the volume key by its digest.
Result<void> KeepOneSlot(const CryptDevice& device, const Secret& volume_key,
                         const Secret& passphrase) {
  for (int slot = 0; slot < crypt_keyslot_max(CRYPT_LUKS2); ++slot) {
    if (crypt_keyslot_status(device.get(), slot) == CRYPT_SLOT_INACTIVE) {
      continue;
    }
    const int code = crypt_keyslot_destroy(device.get(), slot);
    if (code < 0) {
      return device.LastError(Reason::kHeaderRefused,
                              "key slot " + std::to_string(slot), code);
    }
  }
  const int code = crypt_set_pbkdf_type(device.get(), &kPbkdf2);
  const int kept =
      code < 0 ? code
               : crypt_keyslot_add_by_volume_key(
                     device.get(), CRYPT_ANY_SLOT, Chars(volume_key),
                     volume_key.size(), Chars(passphrase), passphrase.size());
  if (kept < 0) {
    return device.LastError(Reason::kHeaderRefused, "new key slot", kept);
  }
  return {};
}

// They could say how the volume is to be opened.
Result<void> DropTokensAndFlags(const CryptDevice& device) {
  for (int token = 0; token < crypt_token_max(CRYPT_LUKS2); ++token) {
    const char* json = nullptr;
    if (crypt_token_json_get(device.get(), token, &json) >= 0 &&
        crypt_token_json_set(device.get(), token, nullptr) < 0) {
      return Error(Reason::kHeaderRefused,
                   "token " + std::to_string(token) + " cannot be removed");
    }
  }
  const int code =
      crypt_persistent_flags_set(device.get(), CRYPT_FLAGS_ACTIVATION, 0);
  if (code < 0) {
    return device.LastError(Reason::kHeaderRefused, "flags", code);
  }
  return {};
}

// What the library wrote, read again and held against the profile.
Result<void> CheckNewHeader(const CryptDevice& device, std::uint64_t size) {
  ASSIGN_OR_RETURN(const std::string json, device.MetadataJson());
  ASSIGN_OR_RETURN(const luks::HeaderMetadata metadata,
                   luks::ParseHeaderMetadata(json));
  std::uint32_t flags = 0;
  if (crypt_persistent_flags_get(device.get(), CRYPT_FLAGS_ACTIVATION, &flags) <
          0 ||
      metadata.key_slots.size() != 1 || metadata.digests.size() != 1 ||
      metadata.tokens != 0 || flags != 0) {
    return Error(Reason::kInternal,
                 "the new header has more than a slot and its digest");
  }
  return luks::CheckHeaderProfile(metadata, luks::kImportedProfile, size);
}

Result<std::vector<std::uint8_t>> ConvertedHeader(
    const luks::ForeignVolume& volume, const Secret& passphrase) {
  const UniqueFd memory(::memfd_create("tdxvfs-new-header", MFD_CLOEXEC));
  if (!memory.valid()) {
    return SystemError(Reason::kInternal, "memory for the header", errno);
  }
  RETURN_IF_ERROR(WriteAll(memory.get(), 0, volume.header));
  ASSIGN_OR_RETURN(const CryptDevice device,
                   CryptDevice::ForPath(luks::DescriptorPath(memory.get()),
                                        Reason::kHeaderRefused));
  const int code = crypt_load(device.get(), CRYPT_LUKS2, nullptr);
  if (code < 0) {
    return device.LastError(Reason::kHeaderRefused, "LUKS2 header", code);
  }
  RETURN_IF_ERROR(KeepOneSlot(device, volume.volume_key, passphrase));
  RETURN_IF_ERROR(DropTokensAndFlags(device));
  RETURN_IF_ERROR(CheckNewHeader(device, volume.data_offset()));
  std::vector<std::uint8_t> bytes(volume.header.size());
  if (::pread(memory.get(), bytes.data(), bytes.size(), 0) !=
      static_cast<ssize_t>(bytes.size())) {
    return SystemError(Reason::kInternal, "memory for the header", errno);
  }
  return bytes;
}

// Of a volume without the file system that it was said to hold.
Error DescribeOther(const std::string& file_system, std::string_view held,
                    ForeignReader* reader) {
  if (!luks::IsMountable(file_system)) {
    return {Reason::kNotSupported,
            "guests mount ext4, erofs and squashfs, not "
            "'" +
                file_system + "'"};
  }
  if (!held.empty()) {
    return {Reason::kNotSupported,
            "the volume holds " + std::string(held) + ", not " + file_system +
                ": say '--file-system " + std::string(held) + "'"};
  }
  // No ext4 either: who looks for one names what is there instead.
  auto opened = Ext4FileSystem::Open(reader);
  return opened.has_value() ? Error(Reason::kInternal, "ext4 without a size")
                            : std::move(opened).error();
}

// A guest would find it out only when it mounts.
Result<void> CheckHolds(const std::string& file_system,
                        const luks::ImageFile& image,
                        const luks::ForeignVolume& volume) {
  ASSIGN_OR_RETURN(const auto reader, ForeignReader::Create(&image, &volume));
  std::array<std::uint8_t, luks::kSuperBlockArea> start{};
  RETURN_IF_ERROR(reader->Read(0, start));
  const auto size = luks::FileSystemSize(file_system, start);
  if (!size.has_value()) {
    return DescribeOther(file_system, luks::FileSystemOf(start), reader.get());
  }
  if (*size > reader->size()) {
    return Error(Reason::kImageTruncated, "the file system has " +
                                              std::to_string(*size) +
                                              " bytes, the volume only " +
                                              std::to_string(reader->size()));
  }
  if (file_system == "ext4") {
    // Guests do not replay its journal: it must not need that.
    ASSIGN_OR_RETURN([[maybe_unused]] const Ext4FileSystem clean,
                     Ext4FileSystem::Open(reader.get()));
  }
  return {};
}

Manifest DescribeImported(const luks::ForeignVolume& volume,
                          const std::string& file_system,
                          const luks::ImageFile& image) {
  Manifest manifest;
  manifest.uuid = volume.uuid;
  manifest.header_size = volume.header.size();
  manifest.header_profile = luks::kImportedProfile;
  manifest.file_system = file_system;
  manifest.mount_options = {"ro"};
  if (file_system == "ext4") {
    // Its journal is the host's to write.
    manifest.mount_options.emplace_back("noload");
  }
  manifest.image_size = image.size();
  manifest.data_size = image.size() - manifest.header_size;
  return manifest;
}

}  // namespace

Result<InPlaceImport> PrepareInPlace(const std::filesystem::path& image,
                                     const std::string& file_system,
                                     const Secret& old_passphrase,
                                     const Secret& new_passphrase) {
  if (new_passphrase.size() < kMinPassphrase) {
    return Error(Reason::kUsage,
                 "the new passphrase has " +
                     std::to_string(new_passphrase.size()) +
                     " bytes, at least 32 are needed: openssl rand -hex 32");
  }
  ASSIGN_OR_RETURN(const luks::ImageFile file, luks::ImageFile::Open(image));
  ASSIGN_OR_RETURN(luks::ForeignVolume volume,
                   luks::UnlockForeignVolume(file, old_passphrase));
  if (volume.luks_version != 2) {
    return Error(
        Reason::kNotSupported,
        "image '" + image.string() + "': a LUKS1 volume can only be converted");
  }
  const std::string name = "image '" + image.string() + "'";
  RETURN_IF_ERROR(CheckHolds(file_system, file, volume).Context(name));
  InPlaceImport prepared;
  prepared.image = image;
  ASSIGN_OR_RETURN(prepared.new_header,
                   ConvertedHeader(volume, new_passphrase).Context(name));
  prepared.manifest = DescribeImported(volume, file_system, file);
  ASSIGN_OR_RETURN(prepared.manifest.header_sha256,
                   Sha256(prepared.new_header));
  prepared.old_header = std::move(volume.header);
  return prepared;
}

Result<void> ApplyInPlace(const InPlaceImport& prepared) {
  const std::string name = "image '" + prepared.image.string() + "'";
  // O_EXCL: of a block device, nobody else's who has it open for keeps.
  std::error_code ignored;
  const bool is_device =
      std::filesystem::is_block_file(prepared.image, ignored);
  const UniqueFd image(::open(prepared.image.c_str(),
                              O_RDWR | O_CLOEXEC | (is_device ? O_EXCL : 0)));
  if (!image.valid() && errno == EBUSY) {
    return SystemError(Reason::kVolumeInUse, name, errno);
  }
  if (!image.valid()) {
    return SystemError(ReasonOfWrite(errno), name, errno);
  }
  std::vector<std::uint8_t> now(prepared.old_header.size());
  RETURN_IF_ERROR(ReadAll(image.get(), 0, now).Context(name));
  if (now != prepared.old_header) {
    return Error(Reason::kHeaderMismatch,
                 name + ": the header changed meanwhile");
  }
  RETURN_IF_ERROR(WriteAll(image.get(), 0, prepared.new_header).Context(name));
  if (::fsync(image.get()) != 0) {
    return SystemError(Reason::kIoError, name, errno);
  }
  return {};
}

}  // namespace tdxvfs::image
