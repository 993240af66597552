// SPDX-License-Identifier: Apache-2.0
// One attempt with a real server, a real image file and a pretend kernel.
#include "agent/unlock_volume.h"

#include <dirent.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "common/file.h"
#include "common/hex.h"
#include "common/secret.h"
#include "tests/fakes/lying_key_service.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::agent {
namespace {

using grpc::Status;
using testing::Conversation;
using testing::Fails;
using ::testing::HasSubstr;
using testing::LyingKeyServer;
using testing::RefusalStatus;
using testing::ServerCertificate;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::TestAuthority;

constexpr std::string_view kPassphrase = "correct horse battery staple, 32";

// Quotes as the fake server takes them: the report data itself.
class EchoQuoteSource : public QuoteSource {
 public:
  Result<std::vector<std::uint8_t>> Get(
      const attest::ReportDataBytes& report_data) override {
    ++asked;
    if (failure.has_value()) {
      return *failure;
    }
    return std::vector<std::uint8_t>(report_data.begin(), report_data.end());
  }
  int asked = 0;
  std::optional<Error> failure;
};

class UnlockVolumeTest : public ::testing::Test {
 protected:
  UnlockVolumeTest() {
    config_.name = "resnet";
    config_.image = folder_.path() / "image";
    config_.mount = "/mnt/resnet";
    config_.header_size = luks::kDefaultHeaderSize;
    config_.ca_bytes = authority_.certificate_pem();
    std::ofstream image(config_.image, std::ios::binary);
    image << std::string("LUKS\xba\xbe\x00\x02", 8)
          << std::string((1024 * 1024) + 4096 - 8, '\0');
    parts_.quotes = &quotes_;
    parts_.check_already_open = [this](const auto&, const auto&) {
      return already_open_;
    };
    parts_.open_volume = [this](const luks::ImageFile&, const luks::Header&,
                                const luks::OpenGrant& grant,
                                const luks::VolumePlace& place,
                                const auto&) -> Result<luks::OpenTimings> {
      ++opened_;
      place_ = place;
      passphrase_ = AsText(grant.passphrase.Reveal());
      if (while_open_) {
        while_open_();
      }
      if (open_failure_.has_value()) {
        return *open_failure_;
      }
      return luks::OpenTimings{};
    };
    parts_.warn = [this](Event, const std::string& line) {
      warnings_.push_back(line);
    };
  }

  void Serve(LyingKeyServer::Script script) {
    servers_.push_back(
        std::make_unique<LyingKeyServer>(certificate_, std::move(script)));
    config_.servers.push_back(servers_.back()->Address());
  }
  Result<Unlocked> Unlock(UnlockMode mode = UnlockMode::kOpen) {
    return UnlockVolume(config_, parts_, mode);
  }

  TemporaryFolder folder_;
  TestAuthority authority_;
  ServerCertificate certificate_ = authority_.Issue();
  std::vector<std::unique_ptr<LyingKeyServer>> servers_;
  VolumeConfig config_;
  EchoQuoteSource quotes_;
  UnlockParts parts_;
  Result<void> already_open_ = Error(Reason::kVolumeNotOpen, "not open");
  std::optional<Error> open_failure_;
  std::function<void()> while_open_;
  int opened_ = 0;
  luks::VolumePlace place_;
  std::string passphrase_;
  std::vector<std::string> warnings_;
};

TEST_F(UnlockVolumeTest, SendsThePlatformsEventLogWhereThereIsOne) {
  std::string sent = "nothing";
  Serve([&sent](testing::Conversation& exchange) {
    grpc::Status ended = LyingKeyServer::Honest(exchange);
    sent = exchange.evidence.event_log();
    return ended;
  });
  parts_.event_log = folder_.path() / "CCEL";
  ASSERT_THAT(Unlock(), Succeeds());
  EXPECT_EQ(sent, "");
  std::ofstream(parts_.event_log) << "the log";
  ASSERT_THAT(Unlock(), Succeeds());
  EXPECT_EQ(sent, "the log");
  // A log that no server takes is left out, and the volume opens.
  std::ofstream(parts_.event_log) << std::string(300'000, 'e');
  ASSERT_THAT(Unlock(), Succeeds());
  EXPECT_EQ(sent, "");
  EXPECT_FALSE(warnings_.empty());
}

TEST_F(UnlockVolumeTest, OpensWithWhatTheServerGrants) {
  Serve(LyingKeyServer::Honest);
  ASSERT_OK_AND_ASSIGN(const Unlocked unlocked, Unlock());
  EXPECT_FALSE(unlocked.already_open);
  EXPECT_EQ(unlocked.version, 3U);
  EXPECT_EQ(unlocked.audit_id, "7f3c-91");
  EXPECT_EQ(passphrase_, kPassphrase);
  EXPECT_EQ(place_.name, "resnet");
  EXPECT_EQ(place_.mount_point, "/mnt/resnet");
  ASSERT_TRUE(servers_[0]->outcome().has_value());
  EXPECT_TRUE(servers_[0]->outcome()->opened());
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(UnlockVolumeTest, AnOpenVolumeIsLeftAloneAndNobodyIsAsked) {
  Serve(LyingKeyServer::Honest);
  already_open_ = {};
  ASSERT_OK_AND_ASSIGN(const Unlocked unlocked, Unlock());
  EXPECT_TRUE(unlocked.already_open);
  EXPECT_EQ(servers_[0]->conversations(), 0);
  EXPECT_EQ(opened_, 0);
}

TEST_F(UnlockVolumeTest, AForeignVolumeOfThisNameIsInUse) {
  Serve(LyingKeyServer::Honest);
  already_open_ = Error(Reason::kVolumeInUse, "not ours");
  EXPECT_THAT(Unlock(), Fails(Reason::kVolumeInUse));
  EXPECT_EQ(servers_[0]->conversations(), 0);
}

TEST_F(UnlockVolumeTest, CheckStopsAtTheGrantAndSaysSo) {
  Serve(LyingKeyServer::Honest);
  ASSERT_OK_AND_ASSIGN(const Unlocked unlocked, Unlock(UnlockMode::kCheck));
  EXPECT_EQ(unlocked.version, 3U);
  EXPECT_EQ(opened_, 0);
  ASSERT_TRUE(servers_[0]->outcome().has_value());
  EXPECT_FALSE(servers_[0]->outcome()->opened());
  EXPECT_EQ(servers_[0]->outcome()->reason(), "stopped");
}

TEST_F(UnlockVolumeTest, AFailedOpeningIsReportedWithItsReason) {
  Serve(LyingKeyServer::Honest);
  open_failure_ = Error(Reason::kPassphraseWrong, "no key slot fits");
  const auto unlocked = Unlock();
  ASSERT_THAT(unlocked, Fails(Reason::kPassphraseWrong));
  EXPECT_EQ(unlocked.error().audit_id(), "7f3c-91");
  EXPECT_EQ(unlocked.error().ToString(), "no key slot fits");
  ASSERT_TRUE(servers_[0]->outcome().has_value());
  EXPECT_FALSE(servers_[0]->outcome()->opened());
  EXPECT_EQ(servers_[0]->outcome()->reason(), "passphrase-wrong");
}

struct OtherGrant {
  const char* name;
  std::function<void(v1::VolumeGrant&)> change;
};

class OtherGrantTest : public UnlockVolumeTest,
                       public ::testing::WithParamInterface<OtherGrant> {};

TEST_P(OtherGrantTest, OpensNothingAndIsReported) {
  Serve([](Conversation& talk) {
    talk.ReadBegin();
    talk.SendChallenge();
    talk.ReadEvidence();
    v1::VolumeGrant grant = talk.HonestGrant();
    GetParam().change(grant);
    talk.SendRelease(grant);
    talk.ReadOutcome();
    return Status::OK;
  });
  EXPECT_THAT(Unlock(), Fails(Reason::kGrantMismatch));
  EXPECT_EQ(opened_, 0);
  ASSERT_TRUE(servers_[0]->outcome().has_value());
  EXPECT_EQ(servers_[0]->outcome()->reason(), "grant-mismatch");
}

INSTANTIATE_TEST_SUITE_P(
    D3_A4_GrantForAnother, OtherGrantTest,
    ::testing::Values(
        OtherGrant{"Volume", [](auto& g) { g.set_volume("other"); }},
        OtherGrant{"Purpose", [](auto& g) { g.set_purpose(v1::FORMAT); }},
        OtherGrant{"Header",
                   [](auto& g) { g.set_header_sha256(std::string(32, 'h')); }}),
    [](const auto& row) { return row.param.name; });

TEST_F(UnlockVolumeTest, D3_TheHeaderThatIsAskedForIsTheOneAtHand) {
  std::string asked;
  Serve([&asked](Conversation& talk) {
    talk.ReadBegin();
    asked = talk.begin.header_sha256();
    return RefusalStatus(grpc::StatusCode::PERMISSION_DENIED, "header-unknown");
  });
  EXPECT_THAT(Unlock(), Fails(Reason::kHeaderUnknown));
  ASSERT_OK_AND_ASSIGN(const std::string image,
                       ReadFile(config_.image, std::size_t{2} << 20U));
  EXPECT_EQ(
      asked,
      AsText(Sha256(AsBytes(image).first(std::size_t{1} << 20U)).value()));
}

TEST_F(UnlockVolumeTest, AMissingImageIsFoundBeforeAnybodyIsAsked) {
  Serve(LyingKeyServer::Honest);
  config_.image = folder_.path() / "none";
  EXPECT_THAT(Unlock(), Fails(Reason::kImageMissing));
  EXPECT_EQ(servers_[0]->conversations(), 0);
}

TEST_F(UnlockVolumeTest, ATruncatedImageIsFoundBeforeAnybodyIsAsked) {
  Serve(LyingKeyServer::Honest);
  std::filesystem::resize_file(config_.image, std::uintmax_t{512} * 1024);
  EXPECT_THAT(Unlock(), Fails(Reason::kImageTruncated));
  EXPECT_EQ(servers_[0]->conversations(), 0);
}

TEST_F(UnlockVolumeTest, AMissingQuoteDeviceIsNamed) {
  Serve(LyingKeyServer::Honest);
  quotes_.failure = Error(Reason::kQuoteDeviceMissing, "no configfs");
  EXPECT_THAT(Unlock(), Fails(Reason::kQuoteDeviceMissing));
  EXPECT_EQ(opened_, 0);
}

TEST_F(UnlockVolumeTest, TheNextServerIsAskedWhenOneIsOutOfReach) {
  config_.servers.push_back({"127.0.0.1", 1});
  Serve(LyingKeyServer::Honest);
  EXPECT_THAT(Unlock(), Succeeds());
}

TEST_F(UnlockVolumeTest, TheNextServerIsAskedWhenOneIsNotItself) {
  const TestAuthority stranger;
  const LyingKeyServer rogue(stranger.Issue(), LyingKeyServer::Honest);
  config_.servers.push_back(rogue.Address());
  Serve(LyingKeyServer::Honest);
  EXPECT_THAT(Unlock(), Succeeds());
  EXPECT_EQ(rogue.conversations(), 0);
}

TEST_F(UnlockVolumeTest, ARefusalIsFinal) {
  Serve([](Conversation& talk) {
    talk.ReadBegin();
    return RefusalStatus(grpc::StatusCode::PERMISSION_DENIED,
                         "refused-by-policy", "7f3c-5");
  });
  Serve(LyingKeyServer::Honest);
  const auto unlocked = Unlock();
  ASSERT_THAT(unlocked, Fails(Reason::kRefusedByPolicy));
  EXPECT_EQ(unlocked.error().audit_id(), "7f3c-5");
  EXPECT_THAT(unlocked.error().ToString(), HasSubstr("key server 'localhost:"));
  EXPECT_EQ(servers_[1]->conversations(), 0);
}

TEST_F(UnlockVolumeTest, OfSeveralFailuresTheOneThatMayPassCounts) {
  const TestAuthority stranger;
  const LyingKeyServer rogue(stranger.Issue(), LyingKeyServer::Honest);
  config_.servers.push_back(rogue.Address());
  config_.servers.push_back({"127.0.0.1", 1});
  EXPECT_THAT(Unlock(), Fails(Reason::kServerUnreachable));
}

TEST_F(UnlockVolumeTest, AVolumeStaysOpenWhenTheOutcomeIsLost) {
  Serve([](Conversation& talk) {
    talk.ReadBegin();
    talk.SendChallenge();
    talk.ReadEvidence();
    talk.SendRelease(talk.HonestGrant());
    talk.ReadOutcome();
    return RefusalStatus(grpc::StatusCode::UNAVAILABLE, "audit-unavailable");
  });
  EXPECT_THAT(Unlock(), Succeeds());
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_THAT(warnings_[0], HasSubstr("not recorded the outcome"));
}

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// While the volume is being opened, the passphrase is in this process; it must
// not be where other processes or a restart find it.
TEST_F(UnlockVolumeTest, G1_PassphraseIsInNoArgumentEnvironmentOrDescriptor) {
  Serve(LyingKeyServer::Honest);
  bool looked = false;
  while_open_ = [&looked] {
    for (const char* file :
         {"cmdline", "environ", "comm", "status", "limits"}) {
      EXPECT_EQ(Slurp(std::string("/proc/self/") + file).find(kPassphrase),
                std::string::npos)
          << file;
    }
    for (const auto& link :
         std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code ignored;
      const auto target = std::filesystem::read_symlink(link, ignored);
      // Memory files and ordinary ones; reading a socket would eat its data.
      if (target.string().starts_with("/") &&
          !target.string().starts_with("/dev") &&
          !target.string().starts_with("/proc")) {
        EXPECT_EQ(Slurp(link.path().string()).find(kPassphrase),
                  std::string::npos)
            << target;
      }
    }
    looked = true;
  };
  EXPECT_THAT(Unlock(), Succeeds());
  EXPECT_TRUE(looked);
}

// The guest and the server in the same process both free secrets.
std::mutex g_wiped_mutex;
std::vector<bool>& WipedAtRelease() {
  static std::vector<bool> wiped;
  return wiped;
}

TEST_F(UnlockVolumeTest, G1_EverySecretIsWipedBeforeItsMemoryIsFreed) {
  Serve(LyingKeyServer::Honest);
  WipedAtRelease().clear();
  SetSecretReleaseHook([](std::span<const std::uint8_t> bytes) {
    const std::lock_guard lock(g_wiped_mutex);
    WipedAtRelease().push_back(std::all_of(
        bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; }));
  });
  // The server stands in the same process: look at the guest's part alone by
  // counting what dies after the grant was parsed.
  EXPECT_THAT(Unlock(), Succeeds());
  servers_.clear();
  SetSecretReleaseHook(nullptr);
  EXPECT_GE(WipedAtRelease().size(), 4U);
  EXPECT_THAT(WipedAtRelease(), ::testing::Each(true));
}

}  // namespace
}  // namespace tdxvfs::agent
