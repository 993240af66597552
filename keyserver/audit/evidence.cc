// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/evidence.h"

#include "common/hex.h"

namespace tdxvfs::keyserver {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view kLabel = "tdxvfs-evidence-v1";
constexpr std::size_t kPartLengthSize = 4;

void Add(Bytes* bytes, std::span<const std::uint8_t> field) {
  const auto size = static_cast<std::uint32_t>(field.size());
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    bytes->push_back(static_cast<std::uint8_t>(size >> shift));
  }
  bytes->insert(bytes->end(), field.begin(), field.end());
}

Result<std::span<const std::uint8_t>> Take(
    std::span<const std::uint8_t>* rest) {
  const Error torn(Reason::kFileInvalid, "evidence: not as it was written");
  if (rest->size() < kPartLengthSize) {
    return torn;
  }
  std::size_t size = 0;
  for (std::size_t i = 0; i < kPartLengthSize; ++i) {
    size = size << 8U | (*rest)[i];
  }
  *rest = rest->subspan(kPartLengthSize);
  if (size > rest->size()) {
    return torn;
  }
  const auto field = rest->first(size);
  *rest = rest->subspan(size);
  return field;
}

}  // namespace

Bytes SerializeEvidence(const ShownEvidence& evidence) {
  Bytes bytes;
  Add(&bytes, AsBytes(kLabel));
  Add(&bytes, evidence.quote);
  Add(&bytes, evidence.event_log);
  Add(&bytes, AsBytes(evidence.purpose));
  Add(&bytes, evidence.nonce);
  Add(&bytes, evidence.public_key);
  Add(&bytes, AsBytes(evidence.volume));
  Add(&bytes, evidence.header_sha256);
  Add(&bytes, evidence.certificate_sha256);
  Add(&bytes, evidence.config_digest);
  return bytes;
}

Result<ShownEvidence> ParseEvidence(std::span<const std::uint8_t> bytes) {
  ASSIGN_OR_RETURN(const auto label, Take(&bytes));
  if (AsText(label) != kLabel) {
    return Error(Reason::kFileInvalid, "evidence: of another version");
  }
  ShownEvidence evidence;
  const auto read = [&bytes](auto* field) -> Result<void> {
    ASSIGN_OR_RETURN(const auto taken, Take(&bytes));
    field->assign(taken.begin(), taken.end());
    return {};
  };
  RETURN_IF_ERROR(read(&evidence.quote));
  RETURN_IF_ERROR(read(&evidence.event_log));
  RETURN_IF_ERROR(read(&evidence.purpose));
  RETURN_IF_ERROR(read(&evidence.nonce));
  RETURN_IF_ERROR(read(&evidence.public_key));
  RETURN_IF_ERROR(read(&evidence.volume));
  RETURN_IF_ERROR(read(&evidence.header_sha256));
  RETURN_IF_ERROR(read(&evidence.certificate_sha256));
  RETURN_IF_ERROR(read(&evidence.config_digest));
  if (!bytes.empty()) {
    return Error(Reason::kFileInvalid, "evidence: longer than its parts");
  }
  return evidence;
}

}  // namespace tdxvfs::keyserver
