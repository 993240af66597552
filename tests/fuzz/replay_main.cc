// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "common/file.h"
#include "common/hex.h"
#include "common/secret.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);

constexpr std::size_t kMaxInput = std::size_t{4} << 20U;

// Stands in for libFuzzer where the compiler has none: runs every file below
// the folders named, once. Options are libFuzzer's and mean nothing here.
int main(int argc, char** argv) {
  if (!tdxvfs::PrepareSecretMemory().has_value()) {
    return 1;
  }
  int count = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string folder(argv[i]);
    if (folder.starts_with('-')) {
      continue;
    }
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder)) {
      const auto content = tdxvfs::ReadFile(entry.path(), kMaxInput);
      if (content.has_value()) {
        const auto bytes = tdxvfs::AsBytes(*content);
        (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
        ++count;
      }
    }
  }
  printf("%d inputs\n", count);
  return count == 0 ? 1 : 0;
}
