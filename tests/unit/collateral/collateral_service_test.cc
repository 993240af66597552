// SPDX-License-Identifier: Apache-2.0
#include "collateral/collateral_service.h"

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attest/verify/quoting_enclave.h"
#include "attest/verify/verified_cache.h"
#include "tests/fakes/fake_clock.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::collateral {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::GoodAnchor;
using ::tdxvfs::testing::MakeDocuments;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TemporaryFolder;
using ::testing::HasSubstr;

using Change = std::function<void(simulator::CollateralSpec&)>;

// Answers with a set made for the fake clock's time, changed as the test says,
// or with an error; counts.
class FakeSupplier : public Supplier {
 public:
  explicit FakeSupplier(const Clock* clock) : clock_(clock) {}

  Result<verify::CollateralDocuments> Fetch(
      const SetName& name, const std::stop_token& /*stop*/) override {
    ++fetches;
    std::this_thread::sleep_for(delay);
    if (error.has_value()) {
      return *error;
    }
    auto spec = simulator::GoodCollateralSpec(name.tee, {}, clock_->Now());
    if (change) {
      change(spec);
    }
    verify::CollateralDocuments documents = MakeDocuments(spec);
    if (spoil) {
      spoil(documents);
    }
    return documents;
  }

  std::atomic<int> fetches = 0;
  milliseconds delay{0};
  std::optional<Error> error;
  Change change;
  std::function<void(verify::CollateralDocuments&)> spoil;

 private:
  const Clock* const clock_;
};

const CollateralService::Wanted kWanted{.tee = attest::Tee::kTdx,
                                        .fmspc = simulator::Platform{}.fmspc,
                                        .platform_ca = true,
                                        .leaf_issuer = nullptr};

class CollateralServiceTest : public ::testing::Test {
 protected:
  CollateralServiceTest() { MakeService(); }

  // A new process over the same folder.
  void MakeService() {
    service_.reset();
    auto cache = CollateralCache::Open(folder_.path());
    ASSERT_THAT(cache, Succeeds());
    auto memory = RollbackMemory::Open(folder_.path() / "seen.json");
    ASSERT_THAT(memory, Succeeds());
    service_ = std::make_unique<CollateralService>(
        options_, CollateralService::Parts{&supplier_, &GoodAnchor(), &clock_},
        *std::move(cache), *std::move(memory));
    EXPECT_THAT(service_->LoadCache(), Succeeds());
  }

  // Asks as a release does, with the fetching done in between.
  Result<verify::CollateralOutcome> FindAndFetch() {
    service_->Start();
    auto found = service_->Find(kWanted);
    return found;
  }

  SharedCollateral Found() {
    const auto found = service_->Find(kWanted);
    EXPECT_THAT(found, Succeeds());
    return found.has_value() ? found->collateral : nullptr;
  }

  void RunDue() { (void)service_->RunDue({}); }

  TemporaryFolder folder_;
  testing::FakeClock clock_;
  FakeSupplier supplier_{&clock_};
  CollateralService::Options options_{.quick_wait = milliseconds(3000),
                                      .wait = milliseconds(3000)};
  std::unique_ptr<CollateralService> service_;
};

TEST_F(CollateralServiceTest, FetchesASetOnceAndServesItFromMemory) {
  ASSERT_THAT(FindAndFetch(), Succeeds());
  for (int i = 0; i < 100; ++i) {
    EXPECT_NE(Found(), nullptr);
  }
  EXPECT_EQ(supplier_.fetches, 1);
}

TEST_F(CollateralServiceTest, FetchesOnceForTwoThreadsThatWait) {
  supplier_.delay = milliseconds(200);
  service_->Start();
  const auto find = [this] {
    EXPECT_THAT(service_->Find(kWanted), Succeeds());
  };
  {
    const std::jthread first(find);
    const std::jthread second(find);
  }
  EXPECT_EQ(supplier_.fetches, 1);
}

TEST_F(CollateralServiceTest, RemembersAFailureForAWhile) {
  supplier_.error = Error(Reason::kCollateralUnreachable, "no route");
  const auto first = FindAndFetch();
  ASSERT_THAT(first, Fails(Reason::kCollateralUnavailable));
  EXPECT_THAT(first.error().message(), HasSubstr("no route"));
  EXPECT_THAT(service_->Find(kWanted), Fails(Reason::kCollateralUnavailable));
  EXPECT_EQ(supplier_.fetches, 1);
  supplier_.error.reset();
  clock_.Advance(minutes(1));
  EXPECT_NE(Found(), nullptr);
  EXPECT_EQ(supplier_.fetches, 2);
}

TEST_F(CollateralServiceTest, DoesNotAskAgainForWhatWasNeverThere) {
  supplier_.error = Error(Reason::kCollateralUnknown, "404");
  ASSERT_THAT(FindAndFetch(), Fails(Reason::kCollateralUnavailable));
  clock_.Advance(hours(24));
  RunDue();
  EXPECT_EQ(supplier_.fetches, 1);
}

TEST_F(CollateralServiceTest, LeavesABusyServiceAloneAsLongAsItSays) {
  supplier_.error = Error(Reason::kCollateralBusy, "429").WithRetryAfter(1800);
  ASSERT_THAT(FindAndFetch(), Fails(Reason::kCollateralUnavailable));
  supplier_.error.reset();
  clock_.Advance(minutes(29));
  EXPECT_THAT(service_->Find(kWanted), Fails(Reason::kCollateralUnavailable));
  EXPECT_EQ(supplier_.fetches, 1);
  clock_.Advance(minutes(2));
  EXPECT_NE(Found(), nullptr);
}

TEST_F(CollateralServiceTest, GivesUpWaitingForASlowService) {
  options_.quick_wait = milliseconds(20);
  options_.wait = milliseconds(40);
  MakeService();
  supplier_.delay = milliseconds(500);
  const auto found = FindAndFetch();
  ASSERT_THAT(found, Fails(Reason::kCollateralUnavailable));
  EXPECT_THAT(found.error().message(), HasSubstr("still being fetched"));
}

TEST_F(CollateralServiceTest, LetsOnlyAFewWaitLong) {
  options_.quick_wait = milliseconds(20);
  options_.wait = milliseconds(3000);
  options_.patient = 0;
  MakeService();
  supplier_.delay = milliseconds(300);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_THAT(FindAndFetch(), Fails(Reason::kCollateralUnavailable));
  EXPECT_LT(std::chrono::steady_clock::now() - before, milliseconds(250));
}

TEST_F(CollateralServiceTest, HoldsSoManyKindsOfPlatformsAndNoMore) {
  options_.max_sets = 1;
  MakeService();
  ASSERT_THAT(FindAndFetch(), Succeeds());
  auto other = kWanted;
  other.fmspc[0] = 0x77;
  EXPECT_THAT(service_->Find(other), Fails(Reason::kCollateralUnavailable));
  EXPECT_EQ(supplier_.fetches, 1);
}

TEST_F(CollateralServiceTest, RefreshesEveryDayInTheBackground) {
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  const SharedCollateral before = Found();
  clock_.Advance(hours(21));
  RunDue();
  EXPECT_EQ(supplier_.fetches, 1);
  clock_.Advance(hours(6));
  RunDue();
  EXPECT_EQ(supplier_.fetches, 2);
  const SharedCollateral after = Found();
  EXPECT_NE(before, after);
  EXPECT_GT(ExpiryOf(*after), ExpiryOf(*before));
}

TEST_F(CollateralServiceTest, NewCollateralForgetsTheQuotingEnclavesSeen) {
  const Sha256Digest digest{1};
  GoodAnchor().enclaves().Remember(
      digest, std::make_shared<const verify::QuotingEnclave>());
  service_->Expect({{.fmspc = kWanted.fmspc}});
  EXPECT_NE(GoodAnchor().enclaves().Find(digest), nullptr);
  RunDue();
  EXPECT_EQ(GoodAnchor().enclaves().Find(digest), nullptr);
}

TEST_F(CollateralServiceTest, KeepsTheSnapshotWhenNothingIsNew) {
  const auto made = clock_.Now();
  std::optional<verify::CollateralDocuments> first;
  supplier_.spoil = [&first](verify::CollateralDocuments& documents) {
    if (first.has_value()) {
      documents = *first;
    }
    first = documents;
  };
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  const SharedCollateral before = Found();
  clock_.Advance(hours(27));
  RunDue();
  EXPECT_EQ(supplier_.fetches, 2);
  EXPECT_EQ(Found(), before);
  EXPECT_LT(made, clock_.Now());
}

TEST_F(CollateralServiceTest,
       A7_ServesAValidCopyWhileTheServiceIsDeadAndNoLonger) {
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  const SharedCollateral copy = Found();
  supplier_.error = Error(Reason::kCollateralUnreachable, "dead");
  clock_.Advance(hours(24 * 28));
  RunDue();
  EXPECT_EQ(Found(), copy);
  clock_.Advance(hours(25));
  RunDue();
  const auto refused = service_->Find(kWanted);
  ASSERT_THAT(refused, Fails(Reason::kCollateralUnavailable));
  EXPECT_THAT(refused.error().message(), HasSubstr("dead"));
  supplier_.error.reset();
  clock_.Advance(hours(1));
  RunDue();
  EXPECT_NE(Found(), nullptr);
}

// Nothing is put off by what a wrong calendar said.
TEST_F(CollateralServiceTest, GoesOnAfterACalendarThatWasWrongForAWhile) {
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  const SharedCollateral copy = Found();
  for (const hours jump : {hours(24 * 400), -hours(24 * 400)}) {
    clock_.JumpTo(clock_.Now() + jump);
    supplier_.error = Error(Reason::kCollateralUnreachable, "no route");
    clock_.Advance(hours(27));
    RunDue();
    EXPECT_THAT(service_->Find(kWanted), Fails(Reason::kCollateralUnavailable));
    clock_.JumpTo(clock_.Now() - jump);
    EXPECT_EQ(Found(), copy);
    const int fetches = supplier_.fetches;
    clock_.Advance(minutes(10));
    RunDue();
    EXPECT_EQ(supplier_.fetches, fetches + 1);
  }
  supplier_.error.reset();
  clock_.Advance(minutes(30));
  RunDue();
  EXPECT_NE(Found(), copy);
}

TEST_F(CollateralServiceTest, WarnsFromTenDaysBeforeTheEndAndOnceADay) {
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  supplier_.error = Error(Reason::kCollateralUnreachable, "dead");
  // Days of the 30 on which the log warns, with a try every hour.
  std::vector<int> warned;
  for (int day = 0; day < 32; ++day) {
    ::testing::internal::CaptureStderr();
    for (int hour = 0; hour < 24; ++hour) {
      RunDue();
      clock_.Advance(hours(1));
    }
    const std::string log = ::testing::internal::GetCapturedStderr();
    if (log.find("collateral-expiring") != std::string::npos) {
      warned.push_back(day);
    }
  }
  ASSERT_FALSE(warned.empty());
  EXPECT_GE(warned.front(), 19);
  EXPECT_LE(warned.front(), 20);
  EXPECT_GE(warned.size(), 9U);
  EXPECT_LE(warned.size(), 11U);
}

TEST_F(CollateralServiceTest, ASupplierThatHangsHoldsUpNobodyElse) {
  // Whoever waited for the network would wait for the test to be ended.
  options_.quick_wait = hours(1);
  options_.wait = hours(1);
  MakeService();
  ASSERT_THAT(FindAndFetch(), Succeeds());
  std::promise<void> hangs;
  std::promise<void> hung;
  supplier_.change = [&](simulator::CollateralSpec&) {
    hung.set_value();
    hangs.get_future().wait();
    supplier_.change = nullptr;
  };
  std::jthread stranger([this] {
    auto other = kWanted;
    other.fmspc[0] = 0x77;
    (void)service_->Find(other);
  });
  hung.get_future().wait();
  for (int i = 0; i < 100; ++i) {
    EXPECT_NE(Found(), nullptr);
  }
  hangs.set_value();
}

TEST_F(CollateralServiceTest, ServesAfterARestartWithADeadService) {
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  supplier_.error = Error(Reason::kCollateralUnreachable, "dead");
  MakeService();
  EXPECT_NE(Found(), nullptr);
  EXPECT_EQ(supplier_.fetches, 1);
  clock_.Advance(minutes(10));
  RunDue();
  EXPECT_EQ(supplier_.fetches, 2);
  EXPECT_NE(Found(), nullptr);
}

TEST_F(CollateralServiceTest, FetchesAgainWhatIsDamagedOnDisk) {
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  const auto file =
      folder_.path() / (SetName{.fmspc = kWanted.fmspc}.ToText() + ".json");
  ASSERT_TRUE(std::filesystem::exists(file));
  std::filesystem::resize_file(file, 100);
  MakeService();
  RunDue();
  EXPECT_EQ(supplier_.fetches, 2);
  EXPECT_NE(Found(), nullptr);
  supplier_.error = Error(Reason::kCollateralUnreachable, "dead");
  MakeService();
  EXPECT_NE(Found(), nullptr);
}

TEST_F(CollateralServiceTest, DoesNotServeWhatExpiredOnDisk) {
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  clock_.Advance(hours(24 * 40));
  supplier_.error = Error(Reason::kCollateralUnreachable, "dead");
  MakeService();
  RunDue();
  EXPECT_THAT(service_->Find(kWanted), Fails(Reason::kCollateralUnavailable));
}

struct BadSet {
  const char* name;
  Change change;
  std::function<void(verify::CollateralDocuments&)> spoil;
  const char* words;
};

class BadSets : public CollateralServiceTest,
                public ::testing::WithParamInterface<BadSet> {
 protected:
  // Offers the bad set when the one at hand is to be refreshed.
  void OfferAfterAGoodOne() {
    service_->Expect({{.fmspc = kWanted.fmspc}});
    RunDue();
    const SharedCollateral copy = Found();
    supplier_.change = GetParam().change;
    supplier_.spoil = GetParam().spoil;
    clock_.Advance(hours(27));
    RunDue();
    EXPECT_EQ(supplier_.fetches, 2);
    EXPECT_EQ(Found(), copy);
  }
};

TEST_P(BadSets, AreRefusedAndTheCopyAtHandIsKept) { OfferAfterAGoodOne(); }

TEST_P(BadSets, AreRefusedWhenThereIsNoOther) {
  supplier_.change = GetParam().change;
  supplier_.spoil = GetParam().spoil;
  const auto found = FindAndFetch();
  ASSERT_THAT(found, Fails(Reason::kCollateralUnavailable));
  EXPECT_THAT(found.error().message(), HasSubstr(GetParam().words));
}

const BadSet kBadSets[] = {
    {"Expired",
     [](auto& spec) {
       spec.tcb_info.next_update = spec.tcb_info.issue_date + hours(1);
     },
     nullptr, "expired"},
    {"FromTheFuture", [](auto& spec) { spec.tcb_info.issue_date += hours(48); },
     nullptr, "not yet valid"},
    {"OtherPlatform", [](auto& spec) { spec.tcb_info.fmspc[0] = 0x99; },
     nullptr, "TCB info"},
    {"OtherTee", [](auto& spec) { spec.qe_identity.id = "QE"; }, nullptr,
     "QE identity"},
    {"ChangedByte", nullptr,
     [](auto& documents) {
       documents.tcb_info.replace(documents.tcb_info.find("UpToDate"), 8,
                                  "Uptodate");
     },
     "TCB info"},
    {"ForeignCrl", nullptr,
     [](auto& documents) { documents.pck_crl = documents.root_ca_crl; },
     "PCK CRL"},
    {"OtherCa", nullptr,
     [](auto& documents) {
       // Another CA under the same root, with a CRL of its own.
       const auto key = simulator::MakeKey(simulator::KeyKind::kP256).value();
       const auto ca =
           simulator::MakeCertificate(
               simulator::GoodPkiSpec({}, simulator::PckCa::kProcessor)
                   .intermediate,
               key.get(),
               {testing::GoodPki().root(), testing::GoodPki().root_key()})
               .value();
       auto spec = testing::GoodCollateral().pck_crl;
       spec.this_update -= hours(24 * 365);
       spec.next_update = spec.this_update + hours(24 * 3650);
       documents.pck_crl =
           simulator::MakeCrl(spec, {ca.get(), key.get()}).value();
       documents.pck_crl_issuer_chain = simulator::ToPem(ca.get()).value() +
                                        testing::GoodPki().RootPem().value();
     },
     "not of the platform CA"},
    {"RootFirst", nullptr,
     [](auto& documents) {
       const std::string& chain = documents.tcb_signing_chain;
       const std::size_t second = chain.find("-----BEGIN", 1);
       documents.tcb_signing_chain =
           chain.substr(second) + chain.substr(0, second);
     },
     "signing chain"},
    {"Empty", nullptr, [](auto& documents) { documents = {}; }, ""},
};

INSTANTIATE_TEST_SUITE_P(CollateralService, BadSets,
                         ::testing::ValuesIn(kBadSets),
                         [](const auto& row) { return row.param.name; });

class OlderSets : public BadSets {};

TEST_P(OlderSets, AreRefusedAndTheCopyAtHandIsKept) { OfferAfterAGoodOne(); }

const BadSet kOlderSets[] = {
    {"LowerNumber", [](auto& spec) { spec.tcb_info.evaluation_number = 19; },
     nullptr, nullptr},
    {"LowerIdentityNumber",
     [](auto& spec) { spec.qe_identity.evaluation_number = 1; }, nullptr,
     nullptr},
    {"OlderTcbInfo",
     [](auto& spec) { spec.tcb_info.issue_date -= hours(24 * 5); }, nullptr,
     nullptr},
    {"OlderCrl", [](auto& spec) { spec.pck_crl.this_update -= hours(24 * 5); },
     nullptr, nullptr},
    {"OlderRootCrl",
     [](auto& spec) { spec.root_ca_crl.this_update -= hours(24 * 5); }, nullptr,
     nullptr},
};

INSTANTIATE_TEST_SUITE_P(CollateralService, OlderSets,
                         ::testing::ValuesIn(kOlderSets),
                         [](const auto& row) { return row.param.name; });

TEST_F(CollateralServiceTest, A7_RemembersTheNewestAcrossRestarts) {
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  std::filesystem::remove(folder_.path() /
                          (SetName{.fmspc = kWanted.fmspc}.ToText() + ".json"));
  supplier_.change = [](auto& spec) { spec.tcb_info.evaluation_number = 19; };
  MakeService();
  const auto found = FindAndFetch();
  ASSERT_THAT(found, Fails(Reason::kCollateralUnavailable));
  EXPECT_THAT(found.error().message(), HasSubstr("evaluation number 19"));
}

// Another process over a folder of its own, as after a change of the
// configuration.
struct OtherService {
  OtherService(const CollateralService::Options& options,
               const CollateralService::Parts& parts)
      : service(options, parts, std::nullopt,
                RollbackMemory::Open({}).value()) {}

  SharedCollateral Found() {
    const auto found = service.Find(kWanted);
    return found.has_value() ? found->collateral : nullptr;
  }
  CollateralService service;
};

TEST_F(CollateralServiceTest, FollowsAnotherWithItsSetsAndItsMemory) {
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  const SharedCollateral set = Found();
  const CollateralService::Parts parts{&supplier_, &GoodAnchor(), &clock_};
  OtherService other(options_, parts);
  other.service.Follow(service_.get());
  EXPECT_EQ(other.Found(), set);
  // What the first had seen counts for the second.
  supplier_.change = [](auto& spec) { spec.tcb_info.evaluation_number = 19; };
  clock_.Advance(hours(27));
  (void)other.service.RunDue({});
  EXPECT_EQ(supplier_.fetches, 2);
  EXPECT_EQ(other.Found(), set);
}

TEST_F(CollateralServiceTest, FollowsNothingOlderAndNoOtherSeries) {
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  clock_.Advance(hours(3));
  const CollateralService::Parts parts{&supplier_, &GoodAnchor(), &clock_};
  OtherService newer(options_, parts);
  newer.service.Expect({{.fmspc = kWanted.fmspc}});
  (void)newer.service.RunDue({});
  const SharedCollateral set = newer.Found();
  ASSERT_NE(set, nullptr);
  newer.service.Follow(service_.get());
  EXPECT_EQ(newer.Found(), set);
  options_.update = Update::kEarly;
  options_.quick_wait = milliseconds(1);
  options_.wait = milliseconds(1);
  OtherService early(options_, parts);
  early.service.Follow(service_.get());
  EXPECT_EQ(early.Found(), nullptr);
}

// The cache of a server whose `update` was changed since.
TEST_F(CollateralServiceTest, LoadsNoSetsOfTheOtherSeries) {
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  options_.update = Update::kEarly;
  MakeService();
  EXPECT_EQ(service_->State().usable, 0U);
  options_.update = Update::kStandard;
  MakeService();
  EXPECT_EQ(service_->State().usable, 1U);
}

// Bytes that were good once are not good for ever.
TEST_F(CollateralServiceTest, RefusesTheSameSetOnceItHasExpired) {
  std::optional<verify::CollateralDocuments> first;
  supplier_.spoil = [&first](verify::CollateralDocuments& documents) {
    first = first.value_or(documents);
    documents = *first;
  };
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  clock_.Advance(hours(24 * 31));
  RunDue();
  const auto found = service_->Find(kWanted);
  ASSERT_THAT(found, Fails(Reason::kCollateralUnavailable));
  EXPECT_THAT(found.error().message(), HasSubstr("expired"));
}

TEST_F(CollateralServiceTest, ASuccessEndsTheCountOfFailures) {
  service_->Expect({{.fmspc = kWanted.fmspc}});
  RunDue();
  const auto fail_for_a_while = [this] {
    supplier_.error = Error(Reason::kCollateralUnreachable, "dead");
    clock_.Advance(hours(27));
    RunDue();
    const int fetches = supplier_.fetches;
    // The first failure is followed by half a minute of silence.
    clock_.Advance(minutes(1));
    RunDue();
    EXPECT_EQ(supplier_.fetches, fetches + 1);
    supplier_.error.reset();
    clock_.Advance(minutes(10));
    RunDue();
    EXPECT_EQ(supplier_.fetches, fetches + 2);
  };
  for (int i = 0; i < 3; ++i) {
    fail_for_a_while();
  }
}

TEST_F(CollateralServiceTest, StopsInTheMiddleOfEverything) {
  supplier_.delay = milliseconds(50);
  service_->Start();
  const std::jthread guest([this] { (void)service_->Find(kWanted); });
  std::this_thread::sleep_for(milliseconds(10));
}

TEST(BackOff, DoublesUpToAnHourOrFiveMinutes) {
  EXPECT_EQ(BackOff(1, true), std::chrono::seconds(30));
  EXPECT_EQ(BackOff(3, true), minutes(2));
  EXPECT_EQ(BackOff(8, true), hours(1));
  EXPECT_EQ(BackOff(4'000'000'000U, true), hours(1));
  EXPECT_EQ(BackOff(4'000'000'000U, false), minutes(5));
  EXPECT_EQ(BackOff(0, true), std::chrono::seconds(30));
}

}  // namespace
}  // namespace tdxvfs::collateral
