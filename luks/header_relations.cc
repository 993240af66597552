// SPDX-License-Identifier: Apache-2.0
#include "luks/header_relations.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "luks/binary_header.h"
#include "luks/luks_format.h"

namespace tdxvfs::luks {
namespace {

using simdjson::dom::element;

constexpr std::uint64_t kAreaGranule = 4096;  // bytes

std::uint64_t QuotedNumber(const simdjson::simdjson_result<element>& value) {
  std::string_view text;
  std::uint64_t number = 0;
  if (value.get(text) == simdjson::SUCCESS) {
    (void)std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

std::string_view TextOrEmpty(const element& value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::uint64_t NumberOrZero(const simdjson::simdjson_result<element>& value) {
  std::uint64_t number = 0;
  return value.get(number) == simdjson::SUCCESS ? number : 0;
}

class Relations {
 public:
  Relations(const element& metadata, std::uint64_t metadata_size,
            std::uint64_t header_size, HeaderRefusals* refusals)
      : metadata_(metadata),
        metadata_size_(metadata_size),
        header_size_(header_size),
        refusals_(refusals) {}

  void Run() {
    CheckConfig();
    CheckAreas();
    CheckDigests();
    CheckTokens();
  }

 private:
  void Refuse(std::string path, std::string reason) {
    refusals_->push_back({std::move(path), std::move(reason)});
  }

  std::uint64_t RegionEnd() const {
    return 2 * metadata_size_ +
           QuotedNumber(metadata_["config"]["keyslots_size"]);
  }

  void CheckConfig() {
    const std::uint64_t json_size =
        QuotedNumber(metadata_["config"]["json_size"]);
    if (json_size != metadata_size_ - kBinaryHeaderSize) {
      Refuse("/config/json_size",
             "is " + std::to_string(json_size) + ", the metadata areas have " +
                 std::to_string(metadata_size_ - kBinaryHeaderSize));
    }
    const std::uint64_t region =
        QuotedNumber(metadata_["config"]["keyslots_size"]);
    const std::uint64_t room = header_size_ - 2 * metadata_size_;
    if (region > room || region % kAreaGranule != 0) {
      Refuse("/config/keyslots_size",
             "is " + std::to_string(region) +
                 ", which is not of whole blocks or does not fit the " +
                 std::to_string(room) + " bytes before the data");
    }
  }

  // Sorted by their place, so that each has only its predecessor to meet.
  void CheckAreas() {
    std::map<std::uint64_t, std::string> by_offset;
    std::map<std::uint64_t, std::uint64_t> ends;
    simdjson::dom::object slots;
    if (metadata_["keyslots"].get(slots) != simdjson::SUCCESS) {
      return;
    }
    for (const auto& [name, slot] : slots) {
      const std::string where = "/keyslots/" + std::string(name) + "/area";
      const std::uint64_t offset = QuotedNumber(slot["area"]["offset"]);
      const std::uint64_t size = QuotedNumber(slot["area"]["size"]);
      CheckArea(where, offset, size, slot);
      if (!by_offset.emplace(offset, where).second) {
        Refuse(where + "/offset", "is that of another key slot, too");
      }
      ends[offset] = offset + size;
    }
    std::uint64_t end = 0;
    for (const auto& [offset, where] : by_offset) {
      if (offset < end) {
        Refuse(where + "/offset", "lies in the area of another key slot");
      }
      end = std::max(end, ends[offset]);
    }
  }

  // Neither sum overflows: the shape bounds both by 16 MiB.
  void CheckArea(const std::string& where, std::uint64_t offset,
                 std::uint64_t size, const element& slot) {
    if (offset < 2 * metadata_size_ || offset % kAreaGranule != 0) {
      Refuse(where + "/offset",
             "is " + std::to_string(offset) +
                 ", not at a block behind the metadata areas");
    }
    if (offset + size > RegionEnd()) {
      Refuse(where + "/size", "ends at byte " + std::to_string(offset + size) +
                                  ", the region of the key slots at " +
                                  std::to_string(RegionEnd()));
    }
    const std::uint64_t material =
        NumberOrZero(slot["key_size"]) * NumberOrZero(slot["af"]["stripes"]);
    const std::uint64_t needed =
        (material + kSectorSize - 1) / kSectorSize * kSectorSize;
    if (size < needed) {
      Refuse(where + "/size", "is " + std::to_string(size) +
                                  ", the split key takes " +
                                  std::to_string(needed));
    }
  }

  void CheckDigests() {
    simdjson::dom::object digests;
    if (metadata_["digests"].get(digests) != simdjson::SUCCESS) {
      return;
    }
    std::size_t of_segment = 0;
    for (const auto& [name, digest] : digests) {
      const std::string where = "/digests/" + std::string(name);
      of_segment += CheckSegments(where + "/segments", digest) ? 1U : 0U;
      CheckSlots(where + "/keyslots", digest);
    }
    if (of_segment != 1) {
      Refuse("/segments/0",
             "has " + std::to_string(of_segment) + " digests instead of one");
    }
    simdjson::dom::object slots;
    if (metadata_["keyslots"].get(slots) != simdjson::SUCCESS) {
      return;
    }
    for (const auto& [name, slot] : slots) {
      if (!digested_.contains(name)) {
        Refuse("/keyslots/" + std::string(name), "has no digest");
      }
    }
  }

  // Whether it is the digest of the segment.
  bool CheckSegments(const std::string& where, const element& digest) {
    bool found = false;
    simdjson::dom::array segments;
    if (digest["segments"].get(segments) != simdjson::SUCCESS) {
      return false;
    }
    for (const element item : segments) {
      const std::string_view name = TextOrEmpty(item);
      if (name == "0") {
        found = true;
      } else {
        Refuse(where,
               "names segment " + std::string(name) + ", which is not there");
      }
    }
    return found;
  }

  // One digest is of one key, so its key slots hold keys of one size.
  void CheckSlots(const std::string& where, const element& digest) {
    simdjson::dom::array slots;
    if (digest["keyslots"].get(slots) != simdjson::SUCCESS) {
      return;
    }
    std::set<std::uint64_t> key_sizes;
    for (const element item : slots) {
      const std::string_view name = TextOrEmpty(item);
      element slot;
      if (metadata_["keyslots"][name].get(slot) != simdjson::SUCCESS) {
        Refuse(where,
               "names key slot " + std::string(name) + ", which is not there");
      } else if (!digested_.insert(name).second) {
        Refuse(where, "names key slot " + std::string(name) +
                          ", which another digest has");
      } else {
        key_sizes.insert(NumberOrZero(slot["key_size"]));
      }
    }
    if (key_sizes.size() > 1) {
      Refuse(where, "names key slots with keys of different sizes");
    }
  }

  void CheckTokens() {
    simdjson::dom::object tokens;
    if (metadata_["tokens"].get(tokens) != simdjson::SUCCESS) {
      return;
    }
    for (const auto& [name, token] : tokens) {
      simdjson::dom::array slots;
      if (token["keyslots"].get(slots) != simdjson::SUCCESS) {
        continue;
      }
      for (const element item : slots) {
        const std::string_view slot = TextOrEmpty(item);
        if (metadata_["keyslots"][slot].error() != simdjson::SUCCESS) {
          Refuse(
              "/tokens/" + std::string(name) + "/keyslots",
              "names key slot " + std::string(slot) + ", which is not there");
        }
      }
    }
  }

  element metadata_;
  std::uint64_t metadata_size_;
  std::uint64_t header_size_;
  HeaderRefusals* refusals_;
  std::set<std::string_view> digested_;  // key slots that a digest names
};

}  // namespace

void CheckRelations(const element& metadata, std::uint64_t metadata_size,
                    std::uint64_t header_size, HeaderRefusals* refusals) {
  Relations(metadata, metadata_size, header_size, refusals).Run();
}

}  // namespace tdxvfs::luks
