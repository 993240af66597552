// SPDX-License-Identifier: Apache-2.0
#include "luks/image/hash_spill.h"

#include <utility>

#include "luks/image/luks2_header.h"
#include "luks/image/pending_file.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kHeld = 32768;  // hashes, 1 MiB: whole sectors

std::span<std::uint8_t> HashBytes(std::vector<Sha256Digest>& hashes) {
  return {hashes.front().data(), hashes.size() * sizeof(Sha256Digest)};
}

}  // namespace

Result<HashSpill> HashSpill::Create(std::filesystem::path folder) {
  ASSIGN_OR_RETURN(Secret key, Secret::Random(kVolumeKeySize));
  ASSIGN_OR_RETURN(SectorCipher encrypt,
                   SectorCipher::Create(key, kCryptSectorSize,
                                        SectorCipher::Direction::kEncrypt));
  HashSpill spill(std::move(key), std::move(encrypt));
  spill.folder_ = std::move(folder);
  spill.hashes_.reserve(kHeld);
  return spill;
}

Result<void> HashSpill::Append(std::span<const Sha256Digest> hashes) {
  for (const Sha256Digest& hash : hashes) {
    if (hashes_.size() == kHeld) {
      RETURN_IF_ERROR(Flush());
    }
    hashes_.push_back(hash);
  }
  return {};
}

Result<void> HashSpill::Flush() {
  if (!file_.valid()) {
    ASSIGN_OR_RETURN(file_, OpenScratchFile(folder_));
  }
  const std::span<std::uint8_t> bytes = HashBytes(hashes_);
  RETURN_IF_ERROR(encrypt_.Process(written_, bytes));
  RETURN_IF_ERROR(
      WriteAll(file_.get(), written_, bytes).Context("hashes of the blocks"));
  written_ += bytes.size();
  hashes_.clear();
  return {};
}

Result<void> HashSpill::Replay(
    const std::function<Result<void>(std::span<const Sha256Digest>)>& use) {
  ASSIGN_OR_RETURN(SectorCipher decrypt,
                   SectorCipher::Create(key_, kCryptSectorSize,
                                        SectorCipher::Direction::kDecrypt));
  std::vector<Sha256Digest> piece(written_ == 0 ? 0 : kHeld);
  for (std::uint64_t at = 0; at < written_;) {
    const std::span<std::uint8_t> bytes = HashBytes(piece);
    RETURN_IF_ERROR(
        ReadAll(file_.get(), at, bytes).Context("hashes of the blocks"));
    RETURN_IF_ERROR(decrypt.Process(at, bytes));
    RETURN_IF_ERROR(use(piece));
    at += bytes.size();
  }
  return use(hashes_);
}

}  // namespace tdxvfs::image
