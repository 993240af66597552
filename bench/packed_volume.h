// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_BENCH_PACKED_VOLUME_H_
#define TDXVFS_BENCH_PACKED_VOLUME_H_

#include <fstream>
#include <iterator>
#include <string>

#include "bench/must.h"
#include "common/hex.h"
#include "luks/image/manifest.h"
#include "luks/volume.h"

namespace tdxvfs::bench {

inline std::string WholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  MustSystem(file.good(), path.c_str());
  return {std::istreambuf_iterator<char>(file), {}};
}

inline Secret PassphraseIn(const std::string& path) {
  std::string text = WholeFile(path);
  return Must(Secret::TakeFrom(text));
}

inline image::Manifest ManifestIn(const std::string& path) {
  return Must(image::ParseManifest(WholeFile(path)));
}

// What a key server would grant for an image packed with this manifest.
inline luks::OpenGrant GrantFor(const image::Manifest& manifest,
                                const std::string& passphrase_file) {
  luks::OpenGrant grant;
  grant.passphrase = PassphraseIn(passphrase_file);
  grant.uuid = manifest.uuid;
  grant.header_size = manifest.header_size;
  grant.header_sha256 = manifest.header_sha256;
  grant.header_profile = manifest.header_profile;
  grant.file_system = manifest.file_system;
  grant.mount_options = manifest.mount_options;
  grant.verity = manifest.verity;
  return grant;
}

}  // namespace tdxvfs::bench

#endif  // TDXVFS_BENCH_PACKED_VOLUME_H_
