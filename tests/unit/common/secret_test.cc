// SPDX-License-Identifier: Apache-2.0
#include "common/secret.h"

#include <concepts>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include "common/hex.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret>);
static_assert(std::is_nothrow_move_assignable_v<Secret>);
static_assert(!Printable<Secret>);
static_assert(!std::convertible_to<Secret, std::string>);
static_assert(!std::convertible_to<Secret, std::string_view>);
static_assert(!std::convertible_to<Secret, std::span<const std::uint8_t>>);
static_assert(!std::constructible_from<Secret, std::string>);
static_assert(!std::constructible_from<std::string, Secret>);

// What each Secret held when it was given back, newest last.
std::vector<std::string>& Released() {
  static std::vector<std::string> released;
  return released;
}

class SecretRelease : public ::testing::Test {
 protected:
  void SetUp() override {
    Released().clear();
    SetSecretReleaseHook([](std::span<const std::uint8_t> bytes) {
      Released().push_back(ToHex(bytes));
    });
  }
  void TearDown() override { SetSecretReleaseHook(nullptr); }
};

using Hex = std::vector<std::string>;

TEST_F(SecretRelease, G1_ADestroyedSecretWasWipedFirst) {
  {
    ASSERT_OK_AND_ASSIGN(const Secret secret, Secret::CopyOf(AsBytes("key!")));
    ASSERT_EQ(AsText(secret.Reveal()), "key!");
  }
  EXPECT_EQ(Released(), Hex({"00000000"}));
}

TEST_F(SecretRelease, G1_AnOverwrittenSecretWasWipedFirst) {
  ASSERT_OK_AND_ASSIGN(Secret secret, Secret::CopyOf(AsBytes("key!")));
  ASSERT_OK_AND_ASSIGN(Secret other, Secret::CopyOf(AsBytes("new")));
  secret = std::move(other);
  EXPECT_EQ(Released(), Hex({"00000000"}));
  EXPECT_EQ(AsText(secret.Reveal()), "new");
}

TEST_F(SecretRelease, G1_AFailedFillIsWiped) {
  const auto failed =
      Secret::Filled(3, [](std::span<std::uint8_t> bytes) -> Result<void> {
        bytes[0] = 0xff;
        return Error(Reason::kFileUnreadable, "half read");
      });
  EXPECT_THAT(failed, Fails(Reason::kFileUnreadable));
  EXPECT_EQ(Released(), Hex({"000000"}));
}

TEST_F(SecretRelease, AMoveReleasesNothingAndEmptiesTheSource) {
  ASSERT_OK_AND_ASSIGN(Secret first, Secret::CopyOf(AsBytes("key!")));
  Released().clear();
  const Secret second = std::move(first);
  // A moved-from secret is promised to be empty.
  // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  EXPECT_TRUE(first.empty());
  // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  EXPECT_EQ(first.Reveal().size(), 0U);
  EXPECT_EQ(AsText(second.Reveal()), "key!");
  EXPECT_TRUE(Released().empty());
}

TEST(Secret, LivesInTheSecureHeap) {
  ASSERT_OK_AND_ASSIGN(const Secret secret, Secret::Random(32));
  EXPECT_EQ(CRYPTO_secure_allocated(secret.Reveal().data()), 1);
}

TEST(Secret, TakesAFieldAndWipesIt) {
  std::string field = "a passphrase longer than any small-string buffer";
  const char* bytes = field.data();
  const std::size_t size = field.size();
  ASSERT_OK_AND_ASSIGN(const Secret secret, Secret::TakeFrom(field));
  EXPECT_EQ(secret.size(), size);
  EXPECT_TRUE(field.empty());
  // clear() keeps the buffer, so these bytes still belong to the string.
  EXPECT_EQ(std::string(bytes, size), std::string(size, '\0'));
}

TEST(Secret, WipesTheFieldAlsoWhenTheHeapIsFull) {
  std::string field(std::size_t{2} * 1024 * 1024, 'x');
  EXPECT_THAT(Secret::TakeFrom(field), Fails(Reason::kInternal));
  EXPECT_TRUE(field.empty());
}

TEST(Secret, FullHeapIsAnErrorAndNotOrdinaryMemory) {
  std::vector<Secret> hoard;
  while (true) {
    auto secret = Secret::Random(std::size_t{64} * 1024);
    if (!secret.has_value()) {
      EXPECT_THAT(secret, Fails(Reason::kInternal));
      break;
    }
    ASSERT_LT(hoard.size(), 17U) << "more than 1 MiB fitted";
    hoard.push_back(std::move(secret).value());
  }
  hoard.clear();
  EXPECT_THAT(Secret::Random(std::size_t{64} * 1024), Succeeds());
}

TEST(Secret, ComparesContentAndSize) {
  ASSERT_OK_AND_ASSIGN(const Secret one, Secret::CopyOf(AsBytes("key")));
  ASSERT_OK_AND_ASSIGN(const Secret same, Secret::CopyOf(AsBytes("key")));
  ASSERT_OK_AND_ASSIGN(const Secret other, Secret::CopyOf(AsBytes("kez")));
  ASSERT_OK_AND_ASSIGN(const Secret longer, Secret::CopyOf(AsBytes("key1")));
  EXPECT_TRUE(one == same);
  EXPECT_FALSE(one == other);
  EXPECT_FALSE(one == longer);
  EXPECT_TRUE(Secret() == Secret());
  EXPECT_FALSE(one == Secret());
}

TEST(Secret, AnEmptyOneIsAllowed) {
  ASSERT_OK_AND_ASSIGN(const Secret secret, Secret::CopyOf({}));
  EXPECT_TRUE(secret.empty());
}

TEST(Secret, RandomOnesDiffer) {
  ASSERT_OK_AND_ASSIGN(const Secret one, Secret::Random(32));
  ASSERT_OK_AND_ASSIGN(const Secret two, Secret::Random(32));
  EXPECT_FALSE(one == two);
}

TEST(PrepareSecretMemory, MayBeCalledAgain) {
  EXPECT_THAT(PrepareSecretMemory(), Succeeds());
}

}  // namespace
}  // namespace tdxvfs
