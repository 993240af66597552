// SPDX-License-Identifier: Apache-2.0
#include "keyserver/guest_book.h"

#include "tests/unit/keyserver/store_folder.h"

namespace tdxvfs::keyserver {
namespace {

using std::chrono::seconds;
using ::tdxvfs::testing::Succeeds;

class GuestBookTest : public StoreFolder {};

TEST_F(GuestBookTest, WritesEachGuestOnceWithItsLastTime) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_THAT(
      store->AddVersion("data", DescriptionWith(1), SecretOf("x"), kNow),
      Succeeds());
  GuestBook book;
  book.Note("data", 1, "ipv4:192.0.2.1:1000", kNow + seconds(1));
  book.Note("data", 1, "ipv4:192.0.2.1:2000", kNow + seconds(2));
  book.Note("data", 2, "ipv6:[2001:db8::1]:1000", kNow + seconds(3));
  ASSERT_THAT(book.Flush(store.get()), Succeeds());
  ASSERT_THAT(book.Flush(store.get()), Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto guests, store->ListGuests("data", 10));
  ASSERT_EQ(guests.size(), 2U);
  EXPECT_EQ(guests[0].peer, "ipv6:[2001:db8::1]");
  EXPECT_EQ(guests[1].peer, "ipv4:192.0.2.1");
  EXPECT_EQ(guests[1].releases, 2U);
  EXPECT_EQ(guests[1].last.time_since_epoch(), seconds(2));
}

}  // namespace
}  // namespace tdxvfs::keyserver
