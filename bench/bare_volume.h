// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_BENCH_BARE_VOLUME_H_
#define TDXVFS_BENCH_BARE_VOLUME_H_

#include <cstdint>
#include <optional>
#include <string>

#include "common/secret.h"
#include "common/unique_fd.h"
#include "luks/crypt_device.h"
#include "luks/verity_parameters.h"

namespace tdxvfs::bench {

// How a volume is opened by bare library calls.
struct BareSettings {
  std::string image;
  std::uint64_t header_size = 0;  // bytes
  bool direct_loop = true;
  std::uint32_t loop_block = 4096;  // bytes
  std::uint32_t crypt_flags = 0;    // CRYPT_ACTIVATE_..., beside READONLY
  bool wait_for_udev = false;       // libdevmapper's cookie
  std::optional<luks::VerityParameters> verity{};
  std::string file_system{};  // "erofs"; empty: not mounted
};

// Milliseconds of each step.
struct BareTimings {
  double header = 0;  // into sealed memory, hashed, loaded
  double loop = 0;
  double crypt = 0;  // key slot and mapping
  double verity = 0;
  double mount = 0;
};

// The same steps as an opening of ours without any of its checks: the floor.
// Every failure ends the program with the step's name. Mappings are named
// bare-crypt and bare-verity, so there is one at a time.
class BareVolume {
 public:
  BareVolume(const BareSettings& settings, const Secret& passphrase,
             const std::string& mount_point);
  BareVolume(const BareVolume&) = delete;
  BareVolume& operator=(const BareVolume&) = delete;
  // Unmounts, removes the mappings; the loop device clears itself.
  ~BareVolume();

  const BareTimings& timings() const { return timings_; }
  static std::string crypt_path() { return "/dev/mapper/bare-crypt"; }

 private:
  void LoadHeader(const BareSettings& settings);
  std::string AttachLoop(const BareSettings& settings);
  void MapCrypt(const BareSettings& settings, const Secret& passphrase,
                const std::string& loop);
  void MapVerity(const luks::VerityParameters& verity);

  BareTimings timings_;
  std::string mount_point_;  // empty when not mounted
  bool has_verity_ = false;
  UniqueFd memory_;  // the header
  UniqueFd loop_;
  std::optional<luks::CryptDevice> device_;
};

// Milliseconds of a key slot alone: the passphrase is tried on the image's own
// header and nothing is mapped.
double KeySlotMilliseconds(const std::string& image, const Secret& passphrase);

}  // namespace tdxvfs::bench

#endif  // TDXVFS_BENCH_BARE_VOLUME_H_
