// SPDX-License-Identifier: Apache-2.0
#include "keyserver/guest_book.h"

#include "tests/fakes/passed_on_key_store.h"
#include "tests/unit/keyserver/store_folder.h"

namespace tdxvfs::keyserver {
namespace {

using std::chrono::seconds;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::PassedOnKeyStore;
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

// Guests come while their book is being written.
class BusyStore : public PassedOnKeyStore {
 public:
  BusyStore(KeyStore* store, GuestBook* book)
      : PassedOnKeyStore(store), book_(book) {}
  Result<void> NoteGuests(std::string_view volume,
                          const std::vector<GuestSeen>& guests) override {
    book_->Note("data", 1, "ipv4:192.0.2.1:3000", kNow + seconds(9));
    if (full) {
      return Error(Reason::kNoSpace, "full");
    }
    return PassedOnKeyStore::NoteGuests(volume, guests);
  }
  bool full = false;

 private:
  GuestBook* const book_;
};

TEST_F(GuestBookTest, NobodyWaitsForTheDiskAndNothingIsLostWhenItIsFull) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_THAT(
      store->AddVersion("data", DescriptionWith(1), SecretOf("x"), kNow),
      Succeeds());
  GuestBook book;
  BusyStore busy(store.get(), &book);
  book.Note("data", 1, "ipv4:192.0.2.1:1000", kNow + seconds(2));
  book.Note("data", 1, "ipv4:192.0.2.2:1000", kNow + seconds(1));
  busy.full = true;
  EXPECT_THAT(book.Flush(&busy), Fails(Reason::kNoSpace));
  ASSERT_OK_AND_ASSIGN(auto guests, store->ListGuests("data", 10));
  EXPECT_TRUE(guests.empty());
  busy.full = false;
  ASSERT_THAT(book.Flush(&busy), Succeeds());
  ASSERT_THAT(book.Flush(store.get()), Succeeds());
  ASSERT_OK_AND_ASSIGN(guests, store->ListGuests("data", 10));
  ASSERT_EQ(guests.size(), 2U);
  EXPECT_EQ(guests[0].peer, "ipv4:192.0.2.1");
  // Once before, and while each of the two was being written.
  EXPECT_EQ(guests[0].releases, 3U);
  EXPECT_EQ(guests[0].last.time_since_epoch(), seconds(9));
  EXPECT_EQ(guests[1].releases, 1U);
}

}  // namespace
}  // namespace tdxvfs::keyserver
