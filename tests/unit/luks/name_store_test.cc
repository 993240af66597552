// SPDX-License-Identifier: Apache-2.0
#include "luks/image/name_store.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace tdxvfs::image {
namespace {

TEST(NameStore, NamesStayWhatTheyAreAlsoWhenTheStoreMoves) {
  NameStore store;
  std::vector<std::string_view> kept;
  kept.reserve(20'000);
  for (int i = 0; i < 20'000; ++i) {
    kept.push_back(store.Keep("name-" + std::to_string(i)));
  }
  const NameStore moved = std::move(store);
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_EQ(kept[static_cast<std::size_t>(i)], "name-" + std::to_string(i));
  }
}

TEST(NameStore, EmptyAndVeryLongNamesAreKept) {
  NameStore store;
  EXPECT_EQ(store.Keep(""), "");
  const std::string text(200'000, 'n');
  const std::string_view kept = store.Keep(text);
  EXPECT_EQ(store.Keep("next"), "next");
  EXPECT_EQ(kept, text);
}

}  // namespace
}  // namespace tdxvfs::image
