// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_JSON_SHAPE_H_
#define TDXVFS_LUKS_JSON_SHAPE_H_

#include <simdjson.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "luks/header_refusal.h"

namespace tdxvfs::luks {

// Says what is wrong with one value of the metadata; `path` is its pointer.
using ValueCheck = std::function<void(const std::string& path,
                                      const simdjson::dom::element& value,
                                      HeaderRefusals* refusals)>;

// A member that an object must have, exactly once; an optional one at most
// once.
struct ExpectedMember {
  std::string_view name;
  ValueCheck check;
  bool optional = false;
};

// An object with exactly these members: missing, unknown, doubled and
// differently spelled ones are refused by name.
ValueCheck ObjectOf(std::vector<ExpectedMember> members);
// An object with these members among others, which may be anything.
ValueCheck ObjectWith(std::vector<ExpectedMember> members);
// An object of `least` to `most` members that are named by decimal numbers
// below `most`, each once, all of one kind.
ValueCheck NumberedObjectOf(std::size_t least, std::size_t most,
                            ValueCheck check);
ValueCheck TextIs(std::string text);
ValueCheck TextIsOneOf(std::vector<std::string_view> texts);
// A decimal number in quotes.
ValueCheck QuotedNumberFrom(std::uint64_t least, std::uint64_t most);
ValueCheck NumberIs(std::uint64_t number);
ValueCheck NumberFrom(std::uint64_t least, std::uint64_t most);
// An array of exactly this one text.
ValueCheck ListOf(std::string text);
// An array of `least` to `most` decimal numbers in quotes, each once.
ValueCheck ListOfNumbers(std::size_t least, std::size_t most);
// Base64 of exactly so many bytes (RFC 4648, section 4, with padding; the one
// text of these bytes).
ValueCheck Base64Of(std::size_t bytes);
// The same of `least` to `most` bytes.
ValueCheck Base64From(std::size_t least, std::size_t most);
ValueCheck AnyText();
// An array of texts, or an empty one.
ValueCheck ListOfTexts();

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_JSON_SHAPE_H_
