// SPDX-License-Identifier: Apache-2.0
#include "attest/event_log/event_log.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "attest/event_log/record_reader.h"

namespace tdxvfs::event_log {
namespace {

// TCG algorithm registry; all that a log was ever seen with is the last but
// one.
constexpr std::uint16_t kSha384 = 0x000c;
constexpr std::array<std::pair<std::uint16_t, std::uint16_t>, 5> kKnownSizes = {
    {{0x0004, 20}, {0x000b, 32}, {kSha384, 48}, {0x000d, 64}, {0x0012, 32}}};
constexpr std::size_t kMaxAlgorithms = 8;
constexpr std::uint16_t kMaxDigestSize = 64;
constexpr std::size_t kSha1Size = 20;
// "Spec ID Event03" and its NUL.
constexpr std::array<std::uint8_t, 16> kSignature = {
    'S', 'p', 'e', 'c', ' ', 'I', 'D', ' ',
    'E', 'v', 'e', 'n', 't', '0', '3', 0};

struct Algorithm {
  std::uint16_t id = 0;
  std::uint16_t size = 0;  // of a digest, bytes
};
using Algorithms = std::vector<Algorithm>;

const Algorithm* Find(const Algorithms& algorithms, std::uint16_t id) {
  const auto found =
      std::find_if(algorithms.begin(), algorithms.end(),
                   [id](const Algorithm& each) { return each.id == id; });
  return found == algorithms.end() ? nullptr : &*found;
}

bool SizeFits(const Algorithm& algorithm) {
  const auto* const known = std::find_if(
      kKnownSizes.begin(), kKnownSizes.end(),
      [&](const auto& each) { return each.first == algorithm.id; });
  return known == kKnownSizes.end()
             ? algorithm.size >= 1 && algorithm.size <= kMaxDigestSize
             : algorithm.size == known->second;
}

Result<Algorithms> ReadAlgorithms(RecordReader& reader) {
  const std::size_t offset = reader.offset();
  ASSIGN_OR_RETURN(const std::uint32_t count, reader.U32("algorithm count"));
  if (count < 1 || count > kMaxAlgorithms) {
    return Malformed("algorithm count", offset,
                     std::to_string(count) + " is not 1 to " +
                         std::to_string(kMaxAlgorithms));
  }
  Algorithms algorithms;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t place = reader.offset();
    Algorithm algorithm;
    ASSIGN_OR_RETURN(algorithm.id, reader.U16("algorithm"));
    ASSIGN_OR_RETURN(algorithm.size, reader.U16("digest size"));
    if (!SizeFits(algorithm)) {
      return Malformed("digest size", place + 2,
                       std::to_string(algorithm.size) +
                           " does not fit algorithm " +
                           std::to_string(algorithm.id));
    }
    if (Find(algorithms, algorithm.id) != nullptr) {
      return Malformed("algorithm", place,
                       std::to_string(algorithm.id) + " is declared twice");
    }
    algorithms.push_back(algorithm);
  }
  if (Find(algorithms, kSha384) == nullptr) {
    return Malformed("algorithms", offset, "SHA-384 is not declared");
  }
  return algorithms;
}

// TCG_EfiSpecIDEvent: what digests every later record may have.
Result<Algorithms> ReadSpecId(std::span<const std::uint8_t> data,
                              std::size_t offset) {
  RecordReader reader(data, offset);
  ASSIGN_OR_RETURN(const auto signature,
                   reader.Take(kSignature.size(), "signature"));
  if (!std::equal(signature.begin(), signature.end(), kSignature.begin())) {
    return Malformed("signature", offset, "not 'Spec ID Event03'");
  }
  // Platform class, version, errata and integer size.
  RETURN_IF_ERROR(reader.Take(8, "specification version"));
  ASSIGN_OR_RETURN(Algorithms algorithms, ReadAlgorithms(reader));
  ASSIGN_OR_RETURN(const std::uint8_t vendor_size,
                   reader.U8("vendor information size"));
  RETURN_IF_ERROR(reader.Take(vendor_size, "vendor information"));
  if (!reader.empty()) {
    return Malformed("vendor information", reader.offset(),
                     "the record is longer than its parts");
  }
  return algorithms;
}

// The first record has the older form, TCG_PCClientPCREvent.
Result<Algorithms> ReadFirstRecord(RecordReader& reader) {
  RETURN_IF_ERROR(reader.U32("register index"));
  const std::size_t offset = reader.offset();
  ASSIGN_OR_RETURN(const std::uint32_t type, reader.U32("event type"));
  if (type != kEvNoAction) {
    return Malformed("event type", offset,
                     "the first record is not EV_NO_ACTION");
  }
  RETURN_IF_ERROR(reader.Take(kSha1Size, "digest"));
  ASSIGN_OR_RETURN(const std::uint32_t size, reader.U32("event size"));
  const std::size_t start = reader.offset();
  ASSIGN_OR_RETURN(const auto data, reader.Take(size, "event"));
  return ReadSpecId(data, start);
}

// Reads the digests of one record and returns whether SHA-384 is among them.
Result<bool> ReadDigests(RecordReader& reader, const Algorithms& algorithms,
                         Event& event) {
  const std::size_t offset = reader.offset();
  ASSIGN_OR_RETURN(const std::uint32_t count, reader.U32("digest count"));
  if (count > algorithms.size()) {
    return Malformed("digest count", offset,
                     std::to_string(count) + ", but " +
                         std::to_string(algorithms.size()) +
                         " algorithms are declared");
  }
  std::vector<std::uint16_t> seen;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t place = reader.offset();
    ASSIGN_OR_RETURN(const std::uint16_t id, reader.U16("digest algorithm"));
    const Algorithm* algorithm = Find(algorithms, id);
    if (algorithm == nullptr ||
        std::find(seen.begin(), seen.end(), id) != seen.end()) {
      return Malformed(
          "digest algorithm", place,
          std::to_string(id) +
              (algorithm == nullptr ? " is not declared" : " comes twice"));
    }
    seen.push_back(id);
    ASSIGN_OR_RETURN(const auto digest, reader.Take(algorithm->size, "digest"));
    if (id == kSha384) {
      std::copy(digest.begin(), digest.end(), event.digest.begin());
    }
  }
  return std::find(seen.begin(), seen.end(), kSha384) != seen.end();
}

// TCG_PCR_EVENT2.
Result<Event> ReadRecord(RecordReader& reader, const Algorithms& algorithms) {
  const std::size_t offset = reader.offset();
  Event event;
  ASSIGN_OR_RETURN(event.mr_index, reader.U32("register index"));
  ASSIGN_OR_RETURN(event.type, reader.U32("event type"));
  ASSIGN_OR_RETURN(const bool has_sha384,
                   ReadDigests(reader, algorithms, event));
  if (event.rtmr().has_value() && !has_sha384) {
    return Malformed("record", offset,
                     "extends a register without a SHA-384 digest");
  }
  ASSIGN_OR_RETURN(const std::uint32_t size, reader.U32("event size"));
  ASSIGN_OR_RETURN(const auto data, reader.Take(size, "event"));
  event.data.assign(data.begin(), data.end());
  return event;
}

// Where the fill at the end of the area starts: firmware fills it with ff or
// 00 before it writes the first record. Looking for it once, from the end,
// keeps hostile logs cheap.
std::size_t StartOfFill(std::span<const std::uint8_t> bytes) {
  const auto last = std::find_if(
      bytes.rbegin(), bytes.rend(),
      [](std::uint8_t byte) { return byte != 0x00 && byte != 0xff; });
  return static_cast<std::size_t>(bytes.rend() - last);
}

}  // namespace

std::optional<std::size_t> Event::rtmr() const {
  if (type == kEvNoAction || mr_index < 1 || mr_index > 4) {
    return std::nullopt;
  }
  return mr_index - 1;
}

Result<EventLog> ParseEventLog(std::span<const std::uint8_t> bytes) {
  if (bytes.size() > kMaxEventLogSize) {
    return Error(Reason::kQuoteInvalid,
                 "event log: " + std::to_string(bytes.size()) +
                     " bytes, at most " + std::to_string(kMaxEventLogSize) +
                     " are read");
  }
  RecordReader reader(bytes);
  ASSIGN_OR_RETURN(const Algorithms algorithms, ReadFirstRecord(reader));
  EventLog log;
  for (const std::size_t end = StartOfFill(bytes); reader.offset() < end;) {
    ASSIGN_OR_RETURN(Event event, ReadRecord(reader, algorithms));
    log.events.push_back(std::move(event));
  }
  log.size = reader.offset();
  return log;
}

}  // namespace tdxvfs::event_log
