// SPDX-License-Identifier: Apache-2.0
#include "luks/json_shape.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace tdxvfs::luks {
namespace {

using simdjson::dom::element;

constexpr std::size_t kShown = 40;  // characters of a refused value

constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool IsBase64Of(std::string_view text, std::size_t bytes) {
  const std::size_t padding = (3 - bytes % 3) % 3;
  if (text.size() != (bytes + 2) / 3 * 4) {
    return false;
  }
  const std::string_view digits = text.substr(0, text.size() - padding);
  // What the last digit has too much is zero (section 3.5): else two texts
  // would be of the same bytes, and some decoders take only one of them.
  const std::size_t spare = std::size_t{1} << (2 * padding);
  return digits.find_first_not_of(kBase64Digits) == std::string_view::npos &&
         text.substr(digits.size()) ==
             std::string_view("==").substr(0, padding) &&
         (digits.empty() || kBase64Digits.find(digits.back()) % spare == 0);
}

// Without sign, blanks or leading zeroes.
bool IsNumber(std::string_view text, std::uint64_t* number) {
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, *number);
  return problem == std::errc() && rest == end &&
         (text.size() == 1 || text.front() != '0');
}

std::string AllowedText(std::uint64_t least, std::uint64_t most) {
  return ", allowed is " + std::to_string(least) +
         (least == most ? "" : " to " + std::to_string(most));
}

enum class Others : std::uint8_t { kRefused, kTaken };

ValueCheck ObjectCheck(std::vector<ExpectedMember> members, Others others) {
  return [members = std::move(members), others](const std::string& path,
                                                const element& value,
                                                HeaderRefusals* refusals) {
    simdjson::dom::object object;
    if (value.get(object) != simdjson::SUCCESS) {
      refusals->push_back({path.empty() ? "/" : path, "is no object"});
      return;
    }
    std::set<std::string_view> seen;
    for (const auto& [name, inside] : object) {
      const std::string where =
          path + "/" + std::string(name.substr(0, kShown));
      const std::string_view key = name;
      const auto known = std::find_if(
          members.begin(), members.end(),
          [key](const ExpectedMember& member) { return member.name == key; });
      if (known == members.end() && others == Others::kTaken) {
        continue;
      }
      if (known == members.end()) {
        refusals->push_back({where, "is not known to this profile"});
      } else if (!seen.insert(known->name).second) {
        refusals->push_back({where, "stands there twice"});
      } else {
        known->check(where, inside, refusals);
      }
    }
    for (const ExpectedMember& member : members) {
      if (!member.optional && !seen.contains(member.name)) {
        refusals->push_back(
            {path + "/" + std::string(member.name), "is missing"});
      }
    }
  };
}

}  // namespace

ValueCheck ObjectOf(std::vector<ExpectedMember> members) {
  return ObjectCheck(std::move(members), Others::kRefused);
}

ValueCheck ObjectWith(std::vector<ExpectedMember> members) {
  return ObjectCheck(std::move(members), Others::kTaken);
}

ValueCheck NumberedObjectOf(std::size_t least, std::size_t most,
                            ValueCheck check) {
  return [least, most, check = std::move(check)](const std::string& path,
                                                 const element& value,
                                                 HeaderRefusals* refusals) {
    simdjson::dom::object object;
    if (value.get(object) != simdjson::SUCCESS) {
      refusals->push_back({path, "is no object"});
      return;
    }
    if (object.size() < least || object.size() > most) {
      refusals->push_back({path, "has " + std::to_string(object.size()) +
                                     " members" + AllowedText(least, most)});
      return;
    }
    std::set<std::string_view> seen;
    for (const auto& [name, inside] : object) {
      const std::string where =
          path + "/" + std::string(name.substr(0, kShown));
      std::uint64_t number = 0;
      if (!IsNumber(name, &number) || number >= most) {
        refusals->push_back(
            {where, "is not named by a number" + AllowedText(0, most - 1)});
      } else if (!seen.insert(name).second) {
        refusals->push_back({where, "stands there twice"});
      } else {
        check(where, inside, refusals);
      }
    }
  };
}

ValueCheck TextIsOneOf(std::vector<std::string_view> texts) {
  return [texts = std::move(texts)](const std::string& path,
                                    const element& value,
                                    HeaderRefusals* refusals) {
    std::string_view found;
    if (value.get(found) != simdjson::SUCCESS) {
      refusals->push_back({path, "is no text"});
    } else if (std::find(texts.begin(), texts.end(), found) == texts.end()) {
      refusals->push_back({path, "is '" + std::string(found.substr(0, kShown)) +
                                     "', which this profile does not take"});
    }
  };
}

ValueCheck QuotedNumberFrom(std::uint64_t least, std::uint64_t most) {
  return [least, most](const std::string& path, const element& value,
                       HeaderRefusals* refusals) {
    std::string_view text;
    std::uint64_t found = 0;
    if (value.get(text) != simdjson::SUCCESS || !IsNumber(text, &found)) {
      refusals->push_back({path, "is no number in quotes"});
    } else if (found < least || found > most) {
      refusals->push_back(
          {path, "is " + std::to_string(found) + AllowedText(least, most)});
    }
  };
}

ValueCheck ListOfNumbers(std::size_t least, std::size_t most) {
  return [least, most](const std::string& path, const element& value,
                       HeaderRefusals* refusals) {
    simdjson::dom::array items;
    if (value.get(items) != simdjson::SUCCESS || items.size() < least ||
        items.size() > most) {
      refusals->push_back({path, "is no list of " + std::to_string(least) +
                                     " to " + std::to_string(most) +
                                     " numbers in quotes"});
      return;
    }
    std::set<std::string_view> seen;
    for (const element item : items) {
      std::string_view text;
      std::uint64_t found = 0;
      if (item.get(text) != simdjson::SUCCESS || !IsNumber(text, &found)) {
        refusals->push_back({path, "holds something else than numbers"});
        return;
      }
      if (!seen.insert(text).second) {
        refusals->push_back({path, "holds " + std::string(text) + " twice"});
      }
    }
  };
}

ValueCheck AnyText() {
  return [](const std::string& path, const element& value,
            HeaderRefusals* refusals) {
    if (!value.is_string()) {
      refusals->push_back({path, "is no text"});
    }
  };
}

ValueCheck ListOfTexts() {
  return [](const std::string& path, const element& value,
            HeaderRefusals* refusals) {
    simdjson::dom::array items;
    bool good = value.get(items) == simdjson::SUCCESS;
    if (good) {
      for (const element item : items) {
        good = good && item.is_string();
      }
    }
    if (!good) {
      refusals->push_back({path, "is no list of texts"});
    }
  };
}

ValueCheck TextIs(std::string text) {
  return [text = std::move(text)](const std::string& path, const element& value,
                                  HeaderRefusals* refusals) {
    std::string_view found;
    if (value.get(found) != simdjson::SUCCESS) {
      refusals->push_back({path, "is no text"});
    } else if (found != text) {
      refusals->push_back({path, "is '" + std::string(found.substr(0, kShown)) +
                                     "' instead of '" + text + "'"});
    }
  };
}

ValueCheck NumberIs(std::uint64_t number) { return NumberFrom(number, number); }

ValueCheck NumberFrom(std::uint64_t least, std::uint64_t most) {
  return [least, most](const std::string& path, const element& value,
                       HeaderRefusals* refusals) {
    std::uint64_t found = 0;
    if (value.get(found) != simdjson::SUCCESS) {
      refusals->push_back({path, "is no whole number"});
    } else if (found < least || found > most) {
      refusals->push_back(
          {path, "is " + std::to_string(found) + AllowedText(least, most)});
    }
  };
}

ValueCheck ListOf(std::string text) {
  return [text = std::move(text)](const std::string& path, const element& value,
                                  HeaderRefusals* refusals) {
    simdjson::dom::array items;
    std::string_view first;
    if (value.get(items) != simdjson::SUCCESS || items.size() != 1 ||
        items.at(0).get(first) != simdjson::SUCCESS || first != text) {
      refusals->push_back({path, "is not the list of '" + text + "' alone"});
    }
  };
}

ValueCheck Base64Of(std::size_t bytes) {
  return [bytes](const std::string& path, const element& value,
                 HeaderRefusals* refusals) {
    std::string_view found;
    if (value.get(found) != simdjson::SUCCESS || !IsBase64Of(found, bytes)) {
      refusals->push_back(
          {path, "is not base64 of " + std::to_string(bytes) + " bytes"});
    }
  };
}

ValueCheck Base64From(std::size_t least, std::size_t most) {
  return [least, most](const std::string& path, const element& value,
                       HeaderRefusals* refusals) {
    std::string_view found;
    const bool good = value.get(found) == simdjson::SUCCESS;
    std::size_t bytes = least;
    while (good && bytes <= most && !IsBase64Of(found, bytes)) {
      ++bytes;
    }
    if (!good || bytes > most) {
      refusals->push_back({path, "is not base64 of " + std::to_string(least) +
                                     " to " + std::to_string(most) + " bytes"});
    }
  };
}

}  // namespace tdxvfs::luks
