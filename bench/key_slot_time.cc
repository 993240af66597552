// SPDX-License-Identifier: Apache-2.0
// How long from a key slot to the volume key, by the code that `tdxvfs volume
// verify` and `extract` use? Takes neither root nor device mapper;
// bench/key_slot.py runs it beside its peer. Prints milliseconds.
//
// usage: key_slot_time IMAGE MANIFEST PASSPHRASE_FILE
#include <stdio.h>

#include "bench/measuring.h"
#include "bench/must.h"
#include "bench/packed_volume.h"
#include "luks/image/luks2_header.h"
#include "luks/pinned_header.h"

namespace tdxvfs::bench {
namespace {

void Run(const char* path, const char* manifest_file,
         const char* passphrase_file) {
  const image::Manifest manifest = ManifestIn(manifest_file);
  const Secret passphrase = PassphraseIn(passphrase_file);
  const luks::ImageFile image = Must(luks::ImageFile::Open(path));
  const luks::PinnedHeader header =
      Must(luks::ReadPinnedHeader(image, {.size = manifest.header_size,
                                          .sha256 = manifest.header_sha256,
                                          .uuid = manifest.uuid,
                                          .profile = manifest.header_profile}));
  Stopwatch watch;
  const Secret key = Must(
      luks::UnlockVolumeKey(header.device, passphrase, image::kVolumeKeySize));
  (void)printf("%.3f\n", watch.Lap());
}

}  // namespace
}  // namespace tdxvfs::bench

int main(int argc, char** argv) {
  if (argc != 4 || !tdxvfs::PrepareSecretMemory().has_value()) {
    (void)fputs("usage: key_slot_time IMAGE MANIFEST PASSPHRASE_FILE\n",
                stderr);
    return 2;
  }
  tdxvfs::bench::Run(argv[1], argv[2], argv[3]);
}
