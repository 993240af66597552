// SPDX-License-Identifier: Apache-2.0
#include "luks/binary_header.h"

#include <algorithm>
#include <array>
#include <vector>

#include "common/hex.h"
#include "common/sha256.h"
#include "common/uuid.h"

namespace tdxvfs::luks {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Members of struct luks2_hdr_disk; numbers are big-endian.
struct Field {
  std::size_t at;    // bytes
  std::size_t size;  // bytes
};
constexpr Field kMagic{0, 6};
constexpr Field kVersion{6, 2};
constexpr Field kSize{8, 8};
constexpr Field kSequence{16, 8};
constexpr Field kLabel{24, 48};
constexpr Field kChecksumName{72, 32};
constexpr Field kUuid{168, 40};
constexpr Field kSubsystem{208, 48};
constexpr Field kOffset{256, 8};
constexpr Field kPadding{264, 184};
constexpr Field kChecksum{448, 64};
constexpr Field kLastPadding{512, 3584};
constexpr std::array<std::string_view, 2> kMagics{"LUKS\xba\xbe",
                                                  "SKUL\xba\xbe"};
constexpr std::size_t kUuidTextSize = 36;  // bytes of text in its field
// LUKS2 On-Disk Format 1.1, section 2.1, table 1: bytes of one area.
constexpr std::array<std::uint64_t, 9> kForeignSizes{
    0x4000,  0x8000,   0x10000,  0x20000, 0x40000,
    0x80000, 0x100000, 0x200000, 0x400000};

Bytes In(Bytes area, const Field& field) {
  return area.subspan(field.at, field.size);
}

std::uint64_t BigEndian(Bytes bytes) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) {
    number = number << 8U | byte;
  }
  return number;
}

bool IsZero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::uint8_t byte) { return byte == 0; });
}

// `text`, then zeroes to the end.
bool IsText(Bytes bytes, std::string_view text) {
  return AsText(bytes).substr(0, text.size()) == text &&
         IsZero(bytes.subspan(text.size()));
}

// libcryptsetup takes any text. Only a UUID can be registered with a key
// server and be in a grant, so another text is refused here already.
bool IsUuidField(Bytes bytes) {
  return IsUuid(AsText(bytes.first(kUuidTextSize))) &&
         IsZero(bytes.subspan(kUuidTextSize));
}

class AreaCheck {
 public:
  AreaCheck(Bytes area, std::size_t number, bool foreign,
            HeaderRefusals* refusals)
      : area_(area), number_(number), foreign_(foreign), refusals_(refusals) {}

  Result<void> Run() {
    Expect(AsText(In(area_, kMagic)) == kMagics.at(number_), "magic",
           "is not that of this header");
    Expect(BigEndian(In(area_, kVersion)) == 2, "version", "is not 2");
    Expect(BigEndian(In(area_, kSize)) == area_.size(), "hdr_size",
           "is not " + std::to_string(area_.size()));
    Expect(BigEndian(In(area_, kSequence)) != 0, "seqid", "is zero");
    Expect(foreign_ || IsZero(In(area_, kLabel)), "label", "is not empty");
    Expect(IsText(In(area_, kChecksumName), "sha256"), "csum_alg",
           "is not sha256");
    Expect(IsUuidField(In(area_, kUuid)), "uuid", "is no UUID in lower case");
    Expect(foreign_ || IsZero(In(area_, kSubsystem)), "subsystem",
           "is not empty");
    Expect(BigEndian(In(area_, kOffset)) == number_ * area_.size(),
           "hdr_offset", "is not its place");
    Expect(IsZero(In(area_, kPadding)) && IsZero(In(area_, kLastPadding)),
           "padding", "is not zero");
    return CheckChecksum();
  }

 private:
  void Expect(bool holds, std::string_view member, const std::string& reason) {
    if (!holds) {
      refusals_->push_back(
          {"binary/" + std::to_string(number_) + "/" + std::string(member),
           reason});
    }
  }
  // Over the whole area, its own member being zero.
  Result<void> CheckChecksum() {
    std::vector<std::uint8_t> copy(area_.begin(), area_.end());
    std::fill_n(copy.begin() + kChecksum.at, kChecksum.size, std::uint8_t{0});
    ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256(copy));
    Expect(IsText(In(area_, kChecksum), AsText(digest)), "csum",
           "does not fit the area");
    return {};
  }

  Bytes area_;
  std::size_t number_;
  bool foreign_;  // may have a label and a subsystem
  HeaderRefusals* refusals_;
};

Result<std::string_view> CheckBoth(Bytes header, std::size_t metadata_size,
                                   bool foreign, HeaderRefusals* refusals) {
  const Bytes first = header.first(metadata_size);
  const Bytes second = header.subspan(metadata_size, metadata_size);
  RETURN_IF_ERROR(AreaCheck(first, 0, foreign, refusals).Run());
  RETURN_IF_ERROR(AreaCheck(second, 1, foreign, refusals).Run());
  for (const auto& [field, name] :
       {std::pair(kSequence, "seqid"), std::pair(kUuid, "uuid"),
        std::pair(kLabel, "label"), std::pair(kSubsystem, "subsystem")}) {
    if (AsText(In(first, field)) != AsText(In(second, field))) {
      refusals->push_back(
          {std::string("binary/1/") + name, "is not that of the first header"});
    }
  }
  const std::string_view json = AsText(first.subspan(kBinaryHeaderSize));
  if (json != AsText(second.subspan(kBinaryHeaderSize))) {
    refusals->push_back({"/", "differs between the two headers"});
  }
  if (json.front() != '{') {
    refusals->push_back({"/", "does not begin with an object"});
  }
  const std::size_t end = std::min(json.find('\0'), json.size());
  if (end == json.size()) {
    refusals->push_back({"/", "fills its area, without a zero at its end"});
  }
  if (json.find_first_not_of('\0', end) != std::string_view::npos) {
    refusals->push_back({"/", "is followed by bytes that are not zero"});
  }
  return json.substr(0, end);
}

}  // namespace

std::uint64_t DeclaredMetadataSize(Bytes header) {
  return header.size() < kBinaryHeaderSize ? 0 : BigEndian(In(header, kSize));
}

Result<std::string_view> CheckBinaryHeaders(Bytes header,
                                            HeaderRefusals* refusals) {
  return CheckBoth(header, kMetadataSize, false, refusals);
}

Result<std::string_view> CheckForeignBinaryHeaders(Bytes header,
                                                   std::size_t* metadata_size,
                                                   HeaderRefusals* refusals) {
  *metadata_size = 0;
  const std::uint64_t declared = DeclaredMetadataSize(header);
  if (std::find(kForeignSizes.begin(), kForeignSizes.end(), declared) ==
          kForeignSizes.end() ||
      2 * declared > header.size()) {
    refusals->push_back(
        {"binary/0/hdr_size", "is not a size of the format that fits"});
    return std::string_view();
  }
  *metadata_size = static_cast<std::size_t>(declared);
  return CheckBoth(header, *metadata_size, true, refusals);
}

}  // namespace tdxvfs::luks
