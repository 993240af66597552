// SPDX-License-Identifier: Apache-2.0
#include "luks/image/luks2_header.h"

#include <errno.h>
#include <libcryptsetup.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/unique_fd.h"
#include "luks/crypt_device.h"
#include "luks/header.h"
#include "luks/image/key_slot.h"

namespace tdxvfs::image {
namespace {

using luks::CryptDevice;
using luks::kDefaultHeaderSize;

constexpr std::uint64_t kMetadataSize = 16384;  // bytes, twice
// Room for one slot of a 64-byte key split into 4000 stripes.
constexpr std::uint64_t kKeySlotsSize = 258048;  // bytes
constexpr std::uint64_t kSectorSize = 512;       // bytes, libcryptsetup's unit

Result<void> Format(const CryptDevice& device, const Secret& volume_key,
                    const std::optional<std::string>& uuid) {
  int code = crypt_set_pbkdf_type(device.get(), &kPbkdf2);
  if (code >= 0) {
    code = crypt_set_metadata_size(device.get(), kMetadataSize, kKeySlotsSize);
  }
  if (code >= 0) {
    code =
        crypt_set_data_offset(device.get(), kDefaultHeaderSize / kSectorSize);
  }
  if (code < 0) {
    return device.LastError(Reason::kInternal, "LUKS2 header", code);
  }
  crypt_params_luks2 parameters{};
  parameters.pbkdf = &kPbkdf2;
  parameters.sector_size = kCryptSectorSize;
  code = crypt_format(device.get(), CRYPT_LUKS2, "aes", "xts-plain64",
                      uuid.has_value() ? uuid->c_str() : nullptr,
                      Chars(volume_key), volume_key.size(), &parameters);
  if (code < 0) {
    // Everything but the UUID is ours.
    return device.LastError(uuid.has_value() && code == -EINVAL
                                ? Reason::kUsage
                                : Reason::kInternal,
                            "LUKS2 header", code);
  }
  return {};
}

Result<void> ReadBack(int memory, std::vector<std::uint8_t>* bytes) {
  bytes->resize(kDefaultHeaderSize);
  if (::pread(memory, bytes->data(), bytes->size(), 0) !=
      static_cast<ssize_t>(bytes->size())) {
    return SystemError(Reason::kInternal, "read the new header", errno);
  }
  return {};
}

}  // namespace

Result<NewHeader> MakeLuks2Header(const Secret& passphrase,
                                  const Secret& volume_key,
                                  const std::optional<std::string>& uuid) {
  const UniqueFd memory(::memfd_create("tdxvfs-new-header", MFD_CLOEXEC));
  if (!memory.valid() || ::ftruncate(memory.get(), kDefaultHeaderSize) != 0) {
    return SystemError(Reason::kInternal, "memory for the header", errno);
  }
  NewHeader header;
  {
    ASSIGN_OR_RETURN(const CryptDevice device,
                     CryptDevice::ForPath(luks::DescriptorPath(memory.get()),
                                          Reason::kInternal));
    RETURN_IF_ERROR(Format(device, volume_key, uuid));
    const int slot = crypt_keyslot_add_by_volume_key(
        device.get(), 0, Chars(volume_key), volume_key.size(),
        Chars(passphrase), passphrase.size());
    if (slot < 0) {
      return device.LastError(Reason::kInternal, "key slot", slot);
    }
    header.uuid = device.uuid();
  }
  RETURN_IF_ERROR(ReadBack(memory.get(), &header.bytes));
  return header;
}

}  // namespace tdxvfs::image
