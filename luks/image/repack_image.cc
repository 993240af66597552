// SPDX-License-Identifier: Apache-2.0
#include "luks/image/repack_image.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/hex.h"
#include "luks/image/direct_io.h"
#include "luks/image/luks2_header.h"
#include "luks/image/ordered_hashes.h"
#include "luks/image/pending_file.h"
#include "luks/image/verity_hash.h"

namespace tdxvfs::image {
namespace {

constexpr std::uint64_t kRepackPiece = 1048576;  // bytes

using Salts = std::vector<std::vector<std::uint8_t>>;

// Where the new image's bytes go, encrypted. One thread at a time.
class EncryptedTarget {
 public:
  static Result<EncryptedTarget> Create(const DirectOutput* output,
                                        std::uint64_t header,
                                        const Secret& key) {
    ASSIGN_OR_RETURN(SectorCipher cipher,
                     SectorCipher::Create(key, kCryptSectorSize,
                                          SectorCipher::Direction::kEncrypt));
    return EncryptedTarget(output, header, std::move(cipher));
  }
  // Encrypts in place.
  Result<void> Write(std::uint64_t offset, std::span<std::uint8_t> bytes) {
    RETURN_IF_ERROR(cipher_.Process(offset, bytes));
    return output_->Write(header_ + offset, bytes);
  }

 private:
  EncryptedTarget(const DirectOutput* output, std::uint64_t header,
                  SectorCipher cipher)
      : output_(output), header_(header), cipher_(std::move(cipher)) {}
  const DirectOutput* output_;
  std::uint64_t header_;
  SectorCipher cipher_;
};

class RepackPieces : public PieceWorker {
 public:
  RepackPieces(const SealedImage* source, SectorCipher cipher,
               EncryptedTarget target, std::vector<VerityHash> hashes,
               OrderedHashes* trees)
      : source_(source),
        cipher_(std::move(cipher)),
        target_(std::move(target)),
        hashes_(std::move(hashes)),
        trees_(trees) {}

  Result<void> Work(std::uint64_t offset, std::uint64_t length) override {
    auto worked = Piece(offset, length);
    if (!worked.has_value()) {
      trees_->Stop();
    }
    return worked;
  }

 private:
  Result<void> Piece(std::uint64_t offset, std::uint64_t length) {
    const auto bytes = std::span(buffer_).first(length);
    RETURN_IF_ERROR(source_->ReadUnchecked(offset, bytes, &cipher_));
    std::vector<std::vector<Sha256Digest>> digests(hashes_.size());
    for (std::size_t tree = 0; tree < hashes_.size(); ++tree) {
      for (std::size_t at = 0; at < length; at += kVerityBlockSize) {
        ASSIGN_OR_RETURN(const Sha256Digest digest,
                         hashes_[tree].Of(bytes.subspan(at, kVerityBlockSize)));
        digests[tree].push_back(digest);
      }
    }
    RETURN_IF_ERROR(target_.Write(offset, bytes));
    return trees_->Append(offset / kVerityBlockSize, digests);
  }

  const SealedImage* source_;
  SectorCipher cipher_;
  EncryptedTarget target_;
  std::vector<VerityHash> hashes_;
  OrderedHashes* trees_;
  DirectBytes buffer_ = DirectBytes(kRepackPiece);
};

// One repacking: first the old tree, whose root hash says whether the data are
// what was packed; a second one when the salt is another. The last one is
// written.
class Repacking {
 public:
  Repacking(const RepackRequest& request, const PendingFile& file,
            const Secret& key, std::uint64_t header)
      : request_(request),
        output_(file.descriptor(), header, file.path().string()),
        key_(key),
        header_(header) {
    salts_.push_back(request.source->verity().salt);
    if (request.salt.has_value()) {
      salts_.push_back(*request.salt);
    }
  }

  // Returns the root hash of the tree that was written.
  Result<Sha256Digest> Run() {
    ASSIGN_OR_RETURN(EncryptedTarget tree_target,
                     EncryptedTarget::Create(&output_, header_, key_));
    ASSIGN_OR_RETURN(std::vector<VerityTree> built, Trees(&tree_target));
    OrderedHashes trees(std::move(built));
    RETURN_IF_ERROR(RunPieces(
        request_.source->data_blocks() * kVerityBlockSize, kRepackPiece,
        [&]() { return NewWorker(&trees); }, request_.progress));
    ASSIGN_OR_RETURN(const std::vector<Sha256Digest> roots, trees.Finish());
    if (roots.front() != request_.source->verity().root_hash) {
      return Error(Reason::kImageCorrupt,
                   "image '" + request_.source->path().string() +
                       "': the root hash is " + ToHex(roots.front()) +
                       ", not the manifest's; 'tdxvfs volume verify' tells "
                       "which blocks are bad");
    }
    return roots.back();
  }

 private:
  Result<std::vector<VerityTree>> Trees(EncryptedTarget* target) const {
    const std::uint64_t start = request_.source->verity().hash_start_block;
    std::vector<VerityTree> trees;
    for (std::size_t i = 0; i < salts_.size(); ++i) {
      const bool written = i + 1 == salts_.size();
      ASSIGN_OR_RETURN(
          VerityTree tree,
          VerityTree::Create(
              request_.source->data_blocks(), salts_[i],
              [=](std::uint64_t block,
                  std::span<const std::uint8_t> bytes) -> Result<void> {
                std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
                return written ? target->Write(
                                     (start + block) * kVerityBlockSize, copy)
                               : Result<void>();
              }));
      trees.push_back(std::move(tree));
    }
    return trees;
  }

  Result<std::unique_ptr<PieceWorker>> NewWorker(OrderedHashes* trees) const {
    ASSIGN_OR_RETURN(SectorCipher cipher, request_.source->NewCipher());
    ASSIGN_OR_RETURN(EncryptedTarget target,
                     EncryptedTarget::Create(&output_, header_, key_));
    std::vector<VerityHash> hashes;
    for (const auto& salt : salts_) {
      ASSIGN_OR_RETURN(VerityHash hash, VerityHash::Create(salt));
      hashes.push_back(std::move(hash));
    }
    return std::unique_ptr<PieceWorker>(
        new RepackPieces(request_.source, std::move(cipher), std::move(target),
                         std::move(hashes), trees));
  }

  const RepackRequest& request_;
  const DirectOutput output_;
  const Secret& key_;
  std::uint64_t header_;
  Salts salts_;
};

}  // namespace

Result<Manifest> RepackImage(const RepackRequest& request) {
  ASSIGN_OR_RETURN(PendingFile output,
                   PendingFile::Create(request.image, kImageMode));
  ASSIGN_OR_RETURN(const Secret volume_key, Secret::Random(kVolumeKeySize));
  ASSIGN_OR_RETURN(
      const NewHeader header,
      MakeLuks2Header(*request.passphrase, volume_key, std::nullopt));
  Manifest manifest = *request.manifest;
  manifest.uuid = header.uuid;
  manifest.header_size = header.bytes.size();
  ASSIGN_OR_RETURN(manifest.header_sha256, Sha256(header.bytes));
  manifest.image_size = manifest.header_size + manifest.data_size;
  RETURN_IF_ERROR(WriteAll(output.descriptor(), 0, header.bytes)
                      .Context("'" + output.path().string() + "'"));
  Repacking repacking(request, output, volume_key, manifest.header_size);
  ASSIGN_OR_RETURN(manifest.verity->root_hash, repacking.Run());
  if (request.salt.has_value()) {
    manifest.verity->salt = *request.salt;
  }
  RETURN_IF_ERROR(output.Commit());
  return manifest;
}

}  // namespace tdxvfs::image
