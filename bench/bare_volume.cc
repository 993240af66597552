// SPDX-License-Identifier: Apache-2.0
#include "bench/bare_volume.h"

#include <fcntl.h>
#include <libcryptsetup.h>
#include <libdevmapper.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>

#include <openssl/evp.h>

#include "bench/measuring.h"
#include "bench/must.h"

namespace tdxvfs::bench {
namespace {

constexpr const char* kCrypt = "bare-crypt";
constexpr const char* kVerity = "bare-verity";
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

const char* Text(const Secret& passphrase) {
  return reinterpret_cast<const char*>(passphrase.Reveal().data());
}

luks::CryptDevice DeviceOf(const std::string& path) {
  return Must(luks::CryptDevice::ForPath(path, Reason::kInternal));
}

}  // namespace

void BareVolume::LoadHeader(const BareSettings& settings) {
  const std::size_t size = settings.header_size;
  const UniqueFd image(::open(settings.image.c_str(), O_RDONLY | O_CLOEXEC));
  memory_ = UniqueFd(::memfd_create("bare", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  MustSystem(::ftruncate(memory_.get(), static_cast<off_t>(size)) == 0,
             "memory");
  void* const bytes = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED,
                             memory_.get(), 0);
  MustSystem(bytes != MAP_FAILED && ::pread(image.get(), bytes, size, 0) ==
                                        static_cast<ssize_t>(size),
             "read header");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  MustSystem(EVP_Digest(bytes, size, digest.data(), nullptr, EVP_sha256(),
                        nullptr) == 1,
             "hash header");
  ::munmap(bytes, size);
  MustSystem(::fcntl(memory_.get(), F_ADD_SEALS, kSeals) == 0, "seal header");
  device_ = DeviceOf(luks::DescriptorPath(memory_.get()));
  MustSystem(crypt_load(device_->get(), CRYPT_LUKS2, nullptr) == 0, "load");
}

std::string BareVolume::AttachLoop(const BareSettings& settings) {
  const UniqueFd image(::open(settings.image.c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
  std::string path = "/dev/loop" + std::to_string(number);
  loop_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  loop_config config{};
  config.fd = static_cast<std::uint32_t>(image.get());
  config.block_size = settings.loop_block;
  config.info.lo_flags =
      LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR |
      (settings.direct_loop ? std::uint32_t{LO_FLAGS_DIRECT_IO} : 0U);
  MustSystem(::ioctl(loop_.get(), LOOP_CONFIGURE, &config) == 0, "loop device");
  return path;
}

void BareVolume::MapCrypt(const BareSettings& settings,
                          const Secret& passphrase, const std::string& loop) {
  MustSystem(crypt_set_data_device(device_->get(), loop.c_str()) == 0,
             "data device");
  MustSystem(crypt_activate_by_passphrase(
                 device_->get(), kCrypt, CRYPT_ANY_SLOT, Text(passphrase),
                 passphrase.size(),
                 CRYPT_ACTIVATE_READONLY | settings.crypt_flags) >= 0,
             "dm-crypt");
}

void BareVolume::MapVerity(const luks::VerityParameters& verity) {
  const std::string below = crypt_path();
  const luks::CryptDevice device = DeviceOf(below);
  crypt_params_verity parameters{};
  parameters.hash_name = verity.hash.c_str();
  parameters.data_device = below.c_str();
  parameters.salt = reinterpret_cast<const char*>(verity.salt.data());
  parameters.salt_size = static_cast<std::uint32_t>(verity.salt.size());
  parameters.hash_type = 1;
  parameters.data_block_size = verity.data_block_size;
  parameters.hash_block_size = verity.hash_block_size;
  parameters.data_size = verity.data_blocks;
  parameters.hash_area_offset =
      verity.hash_start_block * verity.hash_block_size;
  parameters.flags = CRYPT_VERITY_NO_HEADER;
  MustSystem(crypt_format(device.get(), CRYPT_VERITY, nullptr, nullptr, nullptr,
                          nullptr, 0, &parameters) == 0 &&
                 crypt_activate_by_volume_key(
                     device.get(), kVerity,
                     reinterpret_cast<const char*>(verity.root_hash.data()),
                     verity.root_hash.size(), CRYPT_ACTIVATE_READONLY) == 0,
             "dm-verity");
  has_verity_ = true;
}

BareVolume::BareVolume(const BareSettings& settings, const Secret& passphrase,
                       const std::string& mount_point) {
  dm_udev_set_sync_support(settings.wait_for_udev ? 1 : 0);
  Stopwatch watch;
  LoadHeader(settings);
  timings_.header = watch.Lap();
  const std::string loop = AttachLoop(settings);
  timings_.loop = watch.Lap();
  MapCrypt(settings, passphrase, loop);
  timings_.crypt = watch.Lap();
  if (settings.verity.has_value()) {
    MapVerity(*settings.verity);
    timings_.verity = watch.Lap();
  }
  if (!settings.file_system.empty()) {
    const std::string source =
        std::string("/dev/mapper/") + (has_verity_ ? kVerity : kCrypt);
    MustSystem(
        ::mount(source.c_str(), mount_point.c_str(),
                settings.file_system.c_str(),
                MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC, nullptr) == 0,
        "mount");
    timings_.mount = watch.Lap();
    mount_point_ = mount_point;
  }
}

BareVolume::~BareVolume() {
  if (!mount_point_.empty()) {
    MustSystem(::umount2(mount_point_.c_str(), 0) == 0, "unmount");
  }
  if (has_verity_) {
    MustSystem(crypt_deactivate(nullptr, kVerity) == 0, "remove dm-verity");
  }
  MustSystem(crypt_deactivate(device_->get(), kCrypt) == 0, "remove dm-crypt");
}

double KeySlotMilliseconds(const std::string& image, const Secret& passphrase) {
  const luks::CryptDevice device = DeviceOf(image);
  MustSystem(crypt_load(device.get(), CRYPT_LUKS2, nullptr) == 0, "load");
  Stopwatch watch;
  MustSystem(
      crypt_activate_by_passphrase(device.get(), nullptr, CRYPT_ANY_SLOT,
                                   Text(passphrase), passphrase.size(), 0) >= 0,
      "key slot");
  return watch.Lap();
}

}  // namespace tdxvfs::bench
