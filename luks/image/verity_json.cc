// SPDX-License-Identifier: Apache-2.0
#include "luks/image/verity_json.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "common/hex.h"
#include "common/json_text.h"
#include "luks/image/verity_hash.h"
#include "luks/image/verity_tree.h"

namespace tdxvfs::image {
namespace {

using luks::VerityParameters;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::array<std::string_view, 7> kVerityMembers{
    "hash",        "data_block_size",  "hash_block_size",
    "data_blocks", "hash_start_block", "salt",
    "root_hash"};

Error VerityMemberError(std::string_view member, std::string_view what) {
  return {Reason::kFileInvalid, "manifest: 'verity." + std::string(member) +
                                    "' " + std::string(what)};
}

Result<std::uint64_t> ReadPositive(std::string_view name,
                                   const element& value) {
  std::uint64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS || number == 0) {
    return VerityMemberError(name, "is no whole number above zero");
  }
  return number;
}

Result<std::vector<std::uint8_t>> LowerHex(std::string_view name,
                                           const element& value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    auto bytes = FromHex(text);
    if (bytes.has_value() && ToHex(*bytes) == text) {
      return bytes;
    }
  }
  return VerityMemberError(name, "is not in lower-case hex digits");
}

Result<void> ReadBlockSize(std::string_view name, const element& value) {
  ASSIGN_OR_RETURN(const std::uint64_t size, ReadPositive(name, value));
  return size == kVerityBlockSize ? Result<void>()
                                  : VerityMemberError(name, "is not 4096");
}

Result<void> ReadRootHash(const element& value, Sha256Digest* root_hash) {
  ASSIGN_OR_RETURN(const auto bytes, LowerHex("root_hash", value));
  if (bytes.size() != root_hash->size()) {
    return VerityMemberError("root_hash", "is not 64 hex digits");
  }
  std::copy(bytes.begin(), bytes.end(), root_hash->begin());
  return {};
}

Result<void> ReadVerityMember(std::string_view name, const element& value,
                              VerityParameters* verity) {
  if (name == "hash") {
    std::string_view hash;
    return value.get(hash) == simdjson::SUCCESS && hash == verity->hash
               ? Result<void>()
               : VerityMemberError(name, "is not 'sha256'");
  }
  if (name == "data_block_size" || name == "hash_block_size") {
    return ReadBlockSize(name, value);
  }
  if (name == "data_blocks") {
    ASSIGN_OR_RETURN(verity->data_blocks, ReadPositive(name, value));
    return {};
  }
  if (name == "hash_start_block") {
    ASSIGN_OR_RETURN(verity->hash_start_block, ReadPositive(name, value));
    return {};
  }
  if (name == "salt") {
    ASSIGN_OR_RETURN(verity->salt, LowerHex(name, value));
    return verity->salt.size() <= kMaxVeritySalt
               ? Result<void>()
               : VerityMemberError(name, "is longer than 256 bytes");
  }
  if (name == "root_hash") {
    return ReadRootHash(value, &verity->root_hash);
  }
  return VerityMemberError(name, "is not known");
}

}  // namespace

std::string VerityJson(const VerityParameters& verity) {
  return JsonObject()
      .String("hash", verity.hash)
      .Number("data_block_size", verity.data_block_size)
      .Number("hash_block_size", verity.hash_block_size)
      .Number("data_blocks", static_cast<long long>(verity.data_blocks))
      .Number("hash_start_block",
              static_cast<long long>(verity.hash_start_block))
      .String("salt", ToHex(verity.salt))
      .String("root_hash", ToHex(verity.root_hash))
      .Close();
}

Result<VerityParameters> ParseVerity(std::string_view json,
                                     std::uint64_t size) {
  simdjson::dom::parser parser;
  object members;
  if (parser.parse(json.data(), json.size()).get(members) !=
      simdjson::SUCCESS) {
    return Error(Reason::kFileInvalid, "manifest: 'verity' is no object");
  }
  VerityParameters verity;
  std::set<std::string_view> seen;
  for (const auto& [name, value] : members) {
    if (!seen.insert(name).second) {
      return VerityMemberError(name, "stands there twice");
    }
    RETURN_IF_ERROR(ReadVerityMember(name, value, &verity));
  }
  for (const std::string_view member : kVerityMembers) {
    if (!seen.contains(member)) {
      return VerityMemberError(member, "is missing");
    }
  }
  const std::uint64_t blocks = size / kVerityBlockSize;
  if (verity.data_blocks > blocks ||
      verity.hash_start_block < verity.data_blocks ||
      verity.hash_start_block > blocks ||
      VerityTreeBlocks(verity.data_blocks) > blocks - verity.hash_start_block) {
    return VerityMemberError("hash_start_block",
                             "with 'data_blocks' does not fit into data_size");
  }
  return verity;
}

}  // namespace tdxvfs::image
