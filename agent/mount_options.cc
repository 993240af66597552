// SPDX-License-Identifier: Apache-2.0
#include "agent/mount_options.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace tdxvfs::agent {
namespace {

constexpr std::string_view kVolumeOption = "volume=";
// For mount(8), fstab and systemd; or what every volume is mounted with. `rw`
// is what mount(8) passes when nobody said anything.
constexpr std::array<std::string_view, 14> kAccepted{
    "defaults", "rw",     "ro",      "nodev",  "nosuid",  "noexec",   "noauto",
    "auto",     "nofail", "_netdev", "nouser", "noatime", "relatime", "async"};
constexpr std::array<std::string_view, 3> kAcceptedPrefixes{"x-", "X-",
                                                            "comment="};

struct Words {
  std::vector<std::string> operands;
  std::vector<std::string> option_lists;
  std::string letters;
};

Error Usage(std::string_view message) {
  return {Reason::kUsage, std::string(message)};
}

// Splits the words of a helper's command line. `with_value` are the letters
// that take one.
Result<Words> Split(int argc, const char* const* argv, std::string_view plain,
                    std::string_view with_value) {
  Words words;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    if (!word.starts_with('-') || word.size() < 2) {
      words.operands.emplace_back(word);
      continue;
    }
    for (const char letter : word.substr(1)) {
      if (plain.find(letter) != std::string_view::npos) {
        words.letters += letter;
      } else if (with_value.find(letter) != std::string_view::npos &&
                 word.ends_with(letter) && i + 1 < argc) {
        ++i;
        if (letter == 'o') {
          words.option_lists.emplace_back(argv[i]);
        }
      } else {
        return Usage("option '" + std::string(word) + "' is not known");
      }
    }
  }
  return words;
}

bool Has(const Words& words, char letter) {
  return words.letters.find(letter) != std::string::npos;
}

bool IsAccepted(std::string_view option) {
  return std::find(kAccepted.begin(), kAccepted.end(), option) !=
             kAccepted.end() ||
         std::any_of(kAcceptedPrefixes.begin(), kAcceptedPrefixes.end(),
                     [option](std::string_view prefix) {
                       return option.starts_with(prefix);
                     });
}

Result<void> ReadOption(std::string_view option, bool sloppy,
                        MountOptions* options) {
  if (option.starts_with(kVolumeOption)) {
    options->volume = option.substr(kVolumeOption.size());
  } else if (option == "wait") {
    options->wait = true;
  } else if (!option.empty() && !IsAccepted(option) && !sloppy) {
    return Usage("mount option '" + std::string(option) + "' is not known");
  }
  return {};
}

Result<void> ReadOptionList(std::string_view list, bool sloppy,
                            MountOptions* options) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    RETURN_IF_ERROR(ReadOption(list.substr(0, comma), sloppy, options));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return {};
}

}  // namespace

Result<MountOptions> ParseMountOptions(int argc, const char* const* argv) {
  ASSIGN_OR_RETURN(const Words words, Split(argc, argv, "sfnv", "oNt"));
  MountOptions options;
  for (const std::string& list : words.option_lists) {
    RETURN_IF_ERROR(ReadOptionList(list, Has(words, 's'), &options));
  }
  if (words.operands.size() != 2) {
    return Usage("call it as mount.tdxvfs IMAGE DIR -o volume=NAME");
  }
  if (options.volume.empty()) {
    return Usage("option volume=NAME is missing");
  }
  options.image = words.operands[0];
  options.directory = words.operands[1];
  options.fake = Has(words, 'f');
  return options;
}

Result<MountOptions> ParseUnmountOptions(int argc, const char* const* argv) {
  ASSIGN_OR_RETURN(const Words words, Split(argc, argv, "flnrv", "Nt"));
  if (words.operands.size() != 1) {
    return Usage("call it as umount.tdxvfs DIR");
  }
  MountOptions options;
  options.directory = words.operands[0];
  options.lazy = Has(words, 'l');
  return options;
}

}  // namespace tdxvfs::agent
