// SPDX-License-Identifier: Apache-2.0
#include "keyserver/verity_wire.h"

#include <algorithm>
#include <string>

#include "common/hex.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::string_view kHash = "sha256";
constexpr std::uint32_t kVerityBlockSize = 4096;                  // bytes
constexpr std::uint64_t kMaxHashStart = std::uint64_t{1} << 48U;  // hash blocks
constexpr std::size_t kMaxSalt = 256;  // bytes, the kernel's own limit

Error VerityError(std::string_view what) {
  return {Reason::kUsage, "verity: " + std::string(what)};
}

}  // namespace

Result<VerityDescription> ReadVerity(const v1::Verity& message) {
  VerityDescription verity;
  if (message.hash() != kHash) {
    return VerityError("hash is not sha256");
  }
  if (message.data_block_size() != kVerityBlockSize ||
      message.hash_block_size() != kVerityBlockSize) {
    return VerityError("block sizes are not 4096 bytes");
  }
  if (message.data_blocks() == 0 ||
      message.hash_start_block() < message.data_blocks() ||
      message.hash_start_block() > kMaxHashStart) {
    return VerityError("the hash tree does not lie behind the data");
  }
  if (message.salt().size() > kMaxSalt) {
    return VerityError("salt has more than 256 bytes");
  }
  if (message.root_hash().size() != verity.root_hash.size()) {
    return VerityError("root_hash has not 32 bytes");
  }
  verity.hash = message.hash();
  verity.data_block_size = message.data_block_size();
  verity.hash_block_size = message.hash_block_size();
  verity.data_blocks = message.data_blocks();
  verity.hash_start_block = message.hash_start_block();
  const auto salt = AsBytes(message.salt());
  verity.salt.assign(salt.begin(), salt.end());
  std::ranges::copy(AsBytes(message.root_hash()), verity.root_hash.begin());
  return verity;
}

void WriteVerity(const VerityDescription& verity, v1::Verity* message) {
  message->set_hash(verity.hash);
  message->set_data_block_size(verity.data_block_size);
  message->set_hash_block_size(verity.hash_block_size);
  message->set_data_blocks(verity.data_blocks);
  message->set_hash_start_block(verity.hash_start_block);
  message->set_salt(verity.salt.data(), verity.salt.size());
  message->set_root_hash(std::string(AsText(verity.root_hash)));
}

}  // namespace tdxvfs::keyserver
