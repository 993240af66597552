// SPDX-License-Identifier: Apache-2.0
#include "luks/image/pack_image.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <span>
#include <string>
#include <vector>

#include "common/hex.h"
#include "common/sha256.h"
#include "common/unique_fd.h"
#include "luks/image/file_content.h"
#include "luks/image/sector_cipher.h"
#include "luks/inspect.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/tar_bytes.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::Fails;
using testing::kPassphrase;
using testing::MakeModel;
using testing::Pack;
using testing::RunTool;
using testing::SecretOf;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TarBytes;
using testing::TemporaryFolder;
using testing::ToolResult;
using testing::Tree;

constexpr std::size_t kLarge = 11'000'003;  // bytes: several pieces a thread
constexpr std::size_t kHeader = std::size_t{1024} * 1024;

class PackImageTest : public ::testing::Test {
 protected:
  std::filesystem::path Model(std::size_t large = kLarge) const {
    auto path = folder_.path() / "model";
    MakeModel(path, large);
    return path;
  }
  std::filesystem::path Image() const { return folder_.path() / "x.img"; }
  // The volume key as the real tool takes it out of the header.
  Secret VolumeKey(const std::filesystem::path& image) const {
    const auto key = folder_.path() / "key";
    const ToolResult dumped =
        RunTool({"cryptsetup", "luksDump", "-q", "--dump-volume-key",
                 "--volume-key-file", key.string(), "-d", "-", image.string()},
                kPassphrase);
    EXPECT_EQ(dumped.exit_code, 0) << dumped.output;
    Secret secret = SecretOf(Slurp(key));
    std::filesystem::remove(key);
    return secret;
  }
  static Result<Manifest> PackStream(const std::filesystem::path& stream,
                                     const std::filesystem::path& image) {
    const UniqueFd file(::open(stream.c_str(), O_RDONLY | O_CLOEXEC));
    PackRequest request;
    request.tar_stream = file.get();
    request.image = image;
    request.passphrase = SecretOf(kPassphrase);
    return PackImage(request);
  }
  // Names in the folder, to see what a failure left.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename());
    }
    return names;
  }
  TemporaryFolder folder_;
};

// Decrypts the data segment with our cipher, which is not the code under test
// in the foreign fixture below.
std::string Decrypt(const std::filesystem::path& image, const Secret& key,
                    std::size_t offset, std::uint32_t sector_size) {
  std::string data = Slurp(image).substr(offset);
  auto cipher =
      SectorCipher::Create(key, sector_size, SectorCipher::Direction::kDecrypt);
  EXPECT_THAT(cipher, Succeeds());
  EXPECT_THAT(cipher->Process(0, {reinterpret_cast<std::uint8_t*>(data.data()),
                                  data.size()}),
              Succeeds());
  return data;
}

TEST_F(PackImageTest, EveryFileComesBackByteForByte) {
  const auto model = Model();
  ASSERT_OK_AND_ASSIGN(const Manifest manifest, Pack(model, Image()));
  const auto clear = folder_.path() / "clear.erofs";
  Spill(clear,
        Decrypt(Image(), VolumeKey(Image()), manifest.header_size, 4096));
  const auto out = folder_.path() / "out";
  const ToolResult checked =
      RunTool({"fsck.erofs", "--extract=" + out.string(), clear.string()});
  ASSERT_EQ(checked.exit_code, 0) << checked.output;
  EXPECT_EQ(Tree(out), Tree(model));
}

// veritysetup and not our own tree is the judge, over the decrypted bytes.
TEST_F(PackImageTest, VeritysetupAcceptsTreeAndRootHash) {
  const auto model = Model();
  for (const bool random_salt : {false, true}) {
    PackRequest request;
    request.source = model;
    request.image = Image();
    request.passphrase = SecretOf(kPassphrase);
    request.random_salt = random_salt;
    ASSERT_OK_AND_ASSIGN(const Manifest manifest, PackImage(request));
    ASSERT_TRUE(manifest.verity.has_value());
    const luks::VerityParameters& verity = *manifest.verity;
    EXPECT_EQ(verity.salt == std::vector<std::uint8_t>(32, 0), !random_salt);
    EXPECT_EQ(verity.hash_start_block, verity.data_blocks);
    const auto clear = folder_.path() / "clear";
    Spill(clear,
          Decrypt(Image(), VolumeKey(Image()), manifest.header_size, 4096));
    std::vector<std::string> verify{
        "veritysetup",
        "verify",
        "--no-superblock",
        "--format=1",
        "--hash=sha256",
        "--data-block-size=4096",
        "--hash-block-size=4096",
        "--data-blocks=" + std::to_string(verity.data_blocks),
        "--hash-offset=" + std::to_string(verity.hash_start_block * 4096),
        "--salt=" + ToHex(verity.salt),
        clear.string(),
        clear.string(),
        ToHex(verity.root_hash)};
    const ToolResult verified = RunTool(verify);
    EXPECT_EQ(verified.exit_code, 0) << verified.output;
    std::string spoiled = Slurp(clear);
    spoiled[verity.data_blocks / 2 * 4096] ^= 1;
    Spill(clear, spoiled);
    EXPECT_NE(RunTool(verify).exit_code, 0);
    std::filesystem::remove(Image());
  }
}

TEST_F(PackImageTest, CryptsetupReadsTheHeaderAndTakesThePassphrase) {
  ASSERT_OK_AND_ASSIGN(const Manifest manifest, Pack(Model(1000), Image()));
  const ToolResult dump = RunTool({"cryptsetup", "luksDump", Image().string()});
  ASSERT_EQ(dump.exit_code, 0) << dump.output;
  EXPECT_NE(dump.output.find(manifest.uuid), std::string::npos);
  EXPECT_NE(dump.output.find("offset: 1048576 [bytes]"), std::string::npos);
  EXPECT_NE(dump.output.find("sector: 4096 [bytes]"), std::string::npos);
  EXPECT_NE(dump.output.find("Iterations: 1000"), std::string::npos);
  EXPECT_NE(dump.output.find("Metadata area: \t16384 [bytes]"),
            std::string::npos);
  const std::vector<std::string> open{"cryptsetup", "open", "--test-passphrase",
                                      "-d",         "-",    Image().string()};
  EXPECT_EQ(RunTool(open, kPassphrase).exit_code, 0);
  EXPECT_EQ(RunTool(open, "wrong").exit_code, 2);
}

TEST_F(PackImageTest, TheManifestDescribesTheImage) {
  ASSERT_OK_AND_ASSIGN(const Manifest manifest, Pack(Model(1000), Image()));
  const std::string image = Slurp(Image());
  EXPECT_EQ(manifest.header_size, kHeader);
  EXPECT_EQ(manifest.image_size, image.size());
  EXPECT_EQ(manifest.data_size, image.size() - kHeader);
  EXPECT_EQ(manifest.data_size % 4096, 0U);
  EXPECT_EQ(manifest.header_sha256,
            Sha256(AsBytes(image).first(kHeader)).value());
  EXPECT_EQ(manifest.header_profile, "sealed-1");
  ASSERT_OK_AND_ASSIGN(const luks::Inspection inspection,
                       luks::InspectImage(Image()));
  ASSERT_TRUE(inspection.header.has_value());
  EXPECT_EQ(inspection.header->uuid, manifest.uuid);
  EXPECT_EQ(inspection.header->sha256, manifest.header_sha256);
  EXPECT_EQ(inspection.header_profile, "sealed-1");
}

TEST_F(PackImageTest, TwoImagesOfOneModelShareNoSecret) {
  const auto model = Model(1000);
  ASSERT_OK_AND_ASSIGN(const Manifest first, Pack(model, Image()));
  const auto other = folder_.path() / "y.img";
  ASSERT_OK_AND_ASSIGN(const Manifest second, Pack(model, other));
  EXPECT_NE(first.uuid, second.uuid);
  EXPECT_NE(first.header_sha256, second.header_sha256);
  EXPECT_FALSE(VolumeKey(Image()) == VolumeKey(other));
}

TEST_F(PackImageTest, OneTreeHasOneRootHashWhateverTheKey) {
  const auto model = Model(100'000);
  ASSERT_EQ(::setenv("SOURCE_DATE_EPOCH", "1700000000", 1), 0);
  std::vector<std::string> clear;
  std::vector<luks::VerityParameters> verity;
  for (const char* name : {"a.img", "b.img"}) {
    PackRequest request;
    request.source = model;
    request.image = folder_.path() / name;
    request.passphrase = SecretOf(std::string("passphrase of ") + name);
    ASSERT_OK_AND_ASSIGN(const Manifest manifest, PackImage(request));
    verity.push_back(manifest.verity.value());
    std::filesystem::last_write_time(
        model / "config.json", std::filesystem::file_time_type::clock::now());
  }
  ASSERT_EQ(::unsetenv("SOURCE_DATE_EPOCH"), 0);
  EXPECT_EQ(verity[0], verity[1]);
  EXPECT_NE(Slurp(folder_.path() / "a.img").substr(kHeader),
            Slurp(folder_.path() / "b.img").substr(kHeader));
}

TEST_F(PackImageTest, AnAskedForUuidIsTaken) {
  PackRequest request;
  request.source = Model(1000);
  request.image = Image();
  request.passphrase = SecretOf(kPassphrase);
  request.uuid = "6d9b4f10-1111-4222-8333-444455556666";
  ASSERT_OK_AND_ASSIGN(const Manifest manifest, PackImage(request));
  EXPECT_EQ(manifest.uuid, *request.uuid);
}

TEST_F(PackImageTest, ProgressRisesToTheTotal) {
  PackRequest request;
  request.source = Model();
  request.image = Image();
  request.passphrase = SecretOf(kPassphrase);
  std::uint64_t last = 0;
  std::uint64_t all = 0;
  request.progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_GE(done, last);
    last = done;
    all = total;
  };
  ASSERT_THAT(PackImage(request), Succeeds());
  EXPECT_GT(last, kLarge);
  EXPECT_EQ(last, all);
}

TEST_F(PackImageTest, ATarStreamGivesTheRootHashOfTheDirectory) {
  const auto model = Model();
  const auto stream = folder_.path() / "stream";
  ASSERT_EQ(RunTool({"tar", "--create", "--format=pax", "--sort=name",
                     "--numeric-owner", "-C", model.string(), "-f",
                     stream.string(), "."})
                .exit_code,
            0);
  ASSERT_OK_AND_ASSIGN(const Manifest direct, Pack(model, Image()));
  ASSERT_OK_AND_ASSIGN(const Manifest streamed,
                       PackStream(stream, folder_.path() / "y.img"));
  EXPECT_EQ(direct.verity, streamed.verity);
}

TEST_F(PackImageTest, ACutStreamLeavesNothing) {
  const auto stream = folder_.path() / "stream";
  const std::string whole =
      TarBytes().File("large", std::string(kLarge, 'x')).Close();
  for (const std::size_t size : {std::size_t{100}, kLarge / 2, kLarge}) {
    Spill(stream, whole.substr(0, size));
    EXPECT_THAT(PackStream(stream, Image()), Fails(Reason::kFileInvalid));
    EXPECT_EQ(Names(), std::vector<std::string>{"stream"});
  }
}

TEST_F(PackImageTest, AnUnreadableFileIsNamedAndLeavesNothing) {
  const auto model = Model(1000);
  std::filesystem::permissions(model / "config.json",
                               std::filesystem::perms::none);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0) {
      (void)::chmod(folder_.path().c_str(), 0777);
      if (::setuid(65534) != 0) {
        ::_exit(3);
      }
    }
    const auto packed = Pack(model, Image());
    const bool named =
        !packed.has_value() &&
        packed.error().reason() == Reason::kFileUnreadable &&
        packed.error().ToString().find("config.json") != std::string::npos;
    ::_exit(named ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Names(), std::vector<std::string>{"model"});
}

TEST_F(PackImageTest, WorksInAProcessThatIsNotDumpable) {
  const auto model = Model(1000);
  const pid_t child = ::fork();
  if (child == 0) {
    (void)::prctl(PR_SET_DUMPABLE, 0);
    if (::geteuid() == 0) {
      (void)::chmod(folder_.path().c_str(), 0777);
      if (::setuid(65534) != 0) {
        ::_exit(3);
      }
      (void)::prctl(PR_SET_DUMPABLE, 0);
    }
    ::_exit(Pack(model, Image()).has_value() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "an ordinary user packs, hardened as in every main";
}

TEST_F(PackImageTest, AFileThatBecameAFifoIsNotWaitedFor) {
  const auto path = folder_.path() / "weights";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(
      ReadContent(
          path, 5, 0, [](std::uint64_t, auto) { return Result<void>(); },
          [](std::uint64_t) {}),
      Fails(Reason::kFileUnreadable));
}

TEST_F(PackImageTest, AnExistingImageIsNotTouched) {
  Spill(Image(), "precious");
  EXPECT_THAT(Pack(Model(1000), Image()), Fails(Reason::kAlreadyExists));
  EXPECT_EQ(Slurp(Image()), "precious");
}

TEST_F(PackImageTest, ALinkThatLeadsNowhereCountsAsAnExistingImage) {
  std::filesystem::create_symlink("nowhere", Image());
  EXPECT_THAT(Pack(Model(1000), Image()), Fails(Reason::kAlreadyExists));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "nowhere"));
}

// RLIMIT_FSIZE stands for a disk that ends; both leave a short write.
TEST_F(PackImageTest, D9_ANearFullDiskLeavesNoPartialImage) {
  const auto model = Model();
  const pid_t child = ::fork();
  if (child == 0) {
    (void)::signal(SIGXFSZ, SIG_IGN);
    // Enough for the files, not for the header and what is around them.
    const rlimit limit{kLarge + 500'000, kLarge + 500'000};
    (void)::setrlimit(RLIMIT_FSIZE, &limit);
    const auto packed = Pack(model, Image());
    ::_exit(!packed.has_value() && packed.error().reason() == Reason::kNoSpace
                ? 0
                : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Names(), std::vector<std::string>{"model"});
}

struct BadRequest {
  const char* name;
  void (*spoil)(PackRequest*, const std::filesystem::path& folder);
  Reason reason;
};

class BadPackRequests : public ::testing::TestWithParam<BadRequest> {};

TEST_P(BadPackRequests, AreRefusedWithTheirOwnReason) {
  const TemporaryFolder folder;
  PackRequest request;
  request.source = folder.path() / "model";
  request.image = folder.path() / "x.img";
  request.passphrase = SecretOf(kPassphrase);
  MakeModel(request.source, 10);
  GetParam().spoil(&request, folder.path());
  EXPECT_THAT(PackImage(request), Fails(GetParam().reason));
  EXPECT_FALSE(std::filesystem::exists(request.image));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadPackRequests,
    ::testing::Values(
        BadRequest{"MissingSource",
                   [](PackRequest* r, const auto& f) { r->source = f / "no"; },
                   Reason::kFileNotFound},
        BadRequest{"SourceIsAFile",
                   [](PackRequest* r, const auto& f) {
                     r->source = f / "model" / "config.json";
                   },
                   Reason::kFileInvalid},
        BadRequest{"MissingFolderOfTheImage",
                   [](PackRequest* r, const auto& f) {
                     r->image = f / "no" / "x.img";
                   },
                   Reason::kFileNotFound},
        BadRequest{"UnknownFileSystem",
                   [](PackRequest* r, const auto&) { r->file_system = "fat"; },
                   Reason::kNotSupported},
        BadRequest{"BadUuid",
                   [](PackRequest* r, const auto&) { r->uuid = "me"; },
                   Reason::kUsage},
        BadRequest{"EmptyPassphrase",
                   [](PackRequest* r, const auto&) { r->passphrase = {}; },
                   Reason::kUsage},
        BadRequest{"LongPassphrase",
                   [](PackRequest* r, const auto&) {
                     r->passphrase = SecretOf(std::string(513, 'x'));
                   },
                   Reason::kUsage}),
    [](const auto& row) { return row.param.name; });

// A volume made by foreign tools from end to end: our reading of sector IVs
// must agree with theirs, not only with itself.
TEST_F(PackImageTest, OurCipherReadsAVolumeMadeByForeignTools) {
  for (const char* sector_size : {"512", "4096"}) {
    const auto model = folder_.path() / (std::string("m") + sector_size);
    MakeModel(model, 300'000);
    const auto image = folder_.path() / (std::string("f") + sector_size);
    ASSERT_EQ(RunTool({"mkfs.erofs", "--quiet", image.string(), model.string()})
                  .exit_code,
              0);
    const std::string before = Slurp(image);
    Spill(image, before + std::string(16 * kHeader, '\0'));
    const ToolResult encrypted = RunTool(
        {"cryptsetup", "reencrypt", "--encrypt", "-q", "--pbkdf", "pbkdf2",
         "--pbkdf-force-iterations", "1000", "--sector-size", sector_size,
         "--reduce-device-size", "16M", "-d", "-", image.string()},
        kPassphrase);
    ASSERT_EQ(encrypted.exit_code, 0) << encrypted.output;
    ASSERT_OK_AND_ASSIGN(const luks::Inspection inspection,
                         luks::InspectImage(image));
    ASSERT_TRUE(inspection.header.has_value());
    const std::string clear =
        Decrypt(image, VolumeKey(image), inspection.header->size,
                static_cast<std::uint32_t>(std::stoul(sector_size)));
    EXPECT_EQ(clear.substr(0, before.size()), before);
  }
}

}  // namespace
}  // namespace tdxvfs::image
