// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/luks/device/device_fixture.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <utility>

#include "common/unique_fd.h"
#include "luks/inspect.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::testing {
namespace {

// Far above what any step takes under emulation, below the limit of the run.
constexpr int kSignalLimitMs = 120'000;

namespace fs = std::filesystem;

fs::path g_fixtures;

constexpr int kPatience = 1000;  // times 20 ms, for what goes by itself

void MakeRemovable(const fs::path& path) {
  const UniqueFd directory(
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  int flags = 0;
  if (directory.valid() &&
      ::ioctl(directory.get(), FS_IOC_GETFLAGS, &flags) == 0) {
    flags &= ~FS_IMMUTABLE_FL;
    (void)::ioctl(directory.get(), FS_IOC_SETFLAGS, &flags);
  }
}

fs::path ManifestOf(fs::path image) { return image += ".json"; }

bool PackWithManifest(const fs::path& model, const fs::path& image,
                      const std::string& file_system) {
  const auto manifest = Pack(model, image, file_system);
  if (manifest.has_value()) {
    Spill(ManifestOf(image), image::ManifestJson(*manifest));
  }
  return manifest.has_value();
}

using Words = std::vector<std::string>;

const Words kLikeTheScripts{
    "--sector-size", "512", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations",
    "1000"};
const Words kOtherwise{"--sector-size",
                       "4096",
                       "--key-size",
                       "256",
                       "--pbkdf",
                       "argon2id",
                       "--pbkdf-memory",
                       "1024",
                       "--pbkdf-force-iterations",
                       "4",
                       "--pbkdf-parallel",
                       "1"};

bool MakeForeign(const fs::path& model, const fs::path& image,
                 const Words& options) {
  Spill(image, std::string(std::size_t{20} << 20U, '\0'));
  Words encrypt{"cryptsetup",           "reencrypt", "--encrypt", "-q",
                "--reduce-device-size", "16M",       "-d",        "-"};
  encrypt.insert(encrypt.end(), options.begin(), options.end());
  encrypt.push_back(image.string());
  return RunTool({"mke2fs", "-q", "-t", "ext4", "-b", "4096", "-d",
                  model.string(), image.string(), "4M"})
                 .exit_code == 0 &&
         RunTool(encrypt, kPassphrase).exit_code == 0;
}

// A second key slot, a token, a label.
bool AddToForeign(const fs::path& image) {
  Spill(image.string() + ".key", "another passphrase");
  const bool added =
      RunTool({"cryptsetup", "luksAddKey", "-q", "-d", "-", "--pbkdf", "pbkdf2",
               "--pbkdf-force-iterations", "1000", image.string(),
               image.string() + ".key"},
              kPassphrase)
              .exit_code == 0 &&
      RunTool(
          {"cryptsetup", "token", "import", "--json-file", "-", image.string()},
          R"({"type":"foreign","keyslots":["1"],"tpm2-blob":"x"})")
              .exit_code == 0 &&
      RunTool({"cryptsetup", "config", "--label", "model", image.string()})
              .exit_code == 0;
  fs::remove(image.string() + ".key");
  return added;
}

bool IsOurs(const std::string& mapping) {
  return mapping.starts_with("tdxvfs-crypt-dt-") ||
         mapping.starts_with("tdxvfs-verity-dt-");
}

}  // namespace

void SetFixtures(fs::path folder) { g_fixtures = std::move(folder); }
const fs::path& Fixtures() { return g_fixtures; }

bool MakeFixtures(const fs::path& folder) {
  const TemporaryFolder scratch;
  const fs::path model = scratch.path() / "model";
  MakeModel(model, kModelSize);
  fs::create_directories(folder);
  for (const char* name : {"model.img", "next.img", "squashfs.img",
                           "our_ext4.img", "ext4.img", "foreign.img"}) {
    fs::remove(folder / name);
  }
  return PackWithManifest(model, folder / "model.img", "erofs") &&
         PackWithManifest(model, folder / "next.img", "erofs") &&
         PackWithManifest(model, folder / "squashfs.img", "squashfs") &&
         PackWithManifest(model, folder / "our_ext4.img", "ext4") &&
         MakeForeign(model, folder / "ext4.img", kLikeTheScripts) &&
         MakeForeign(model, folder / "foreign.img", kOtherwise) &&
         AddToForeign(folder / "foreign.img");
}

ChildProcess::ChildProcess(const std::function<int()>& body) : pid_(::fork()) {
  if (pid_ == 0) {
    ::_exit(body());
  }
}
ChildProcess::~ChildProcess() { Kill(); }
void ChildProcess::Kill() {
  if (pid_ > 0) {
    (void)::kill(pid_, SIGKILL);
    (void)Wait();
  }
}
int ChildProcess::Wait() {
  int status = 0;
  (void)::waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Signal::Signal() { EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0); }
Signal::~Signal() {
  ::close(ends_[0]);
  ::close(ends_[1]);
}
void Signal::Give() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }
void Signal::Await() const {
  pollfd end{.fd = ends_[0], .events = POLLIN, .revents = 0};
  // This process holds the other end, too, so one that died is not noticed.
  if (::poll(&end, 1, kSignalLimitMs) != 1) {
    ADD_FAILURE() << "no signal within " << kSignalLimitMs << " ms";
    return;
  }
  char byte = 0;
  EXPECT_EQ(::read(ends_[0], &byte, 1), 1);
}

void DeviceTest::SetUp() {
  if (::geteuid() != 0 || ::access("/dev/mapper/control", F_OK) != 0) {
    GTEST_SKIP() << "needs root and a kernel with device mapper "
                    "(/dev/mapper/control); runs in the virtual machine";
  }
  if (!fs::exists(Fixtures() / "model.img")) {
    GTEST_SKIP() << "needs images: luks_device_test --prepare DIR, then "
                    "--fixtures DIR";
  }
}

void DeviceTest::TearDown() {
  if (IsSkipped()) {
    return;
  }
  for (const char* name : {"dt-one", "dt-two", "dt-three", "dt-four"}) {
    (void)luks::CloseVolume(Place(name), luks::CloseMode::kLazy, nullptr)
        .has_value();
    MakeRemovable(Place(name).mount_point);
  }
  ExpectNothingLeft();
}

fs::path DeviceTest::CopyOf(std::string_view fixture) const {
  fs::path copy = folder_.path() / fixture;
  fs::copy_file(Fixtures() / fixture, copy,
                fs::copy_options::overwrite_existing);
  fs::permissions(copy, fs::perms::owner_write, fs::perm_options::add);
  return copy;
}

void DeviceTest::OpenPlain(const fs::path& image, bool read_only) {
  std::vector<std::string> command{"cryptsetup", "open",         "-q",
                                   "--type",     "luks2",        "-d",
                                   "-",          image.string(), "dt-plain"};
  if (read_only) {
    command.emplace_back("--readonly");
  }
  const ToolResult opened = RunTool(command, kPassphrase);
  ASSERT_EQ(opened.exit_code, 0) << opened.output;
}

void DeviceTest::ClosePlain(const std::string& name) {
  EXPECT_EQ(RunTool({"dmsetup", "remove", "--retry", name}).exit_code, 0);
}

luks::VolumePlace DeviceTest::Place(const std::string& name) const {
  return {.name = name, .mount_point = folder_.path() / "mnt" / name};
}

std::optional<image::Manifest> DeviceTest::ManifestWith(
    const std::string& uuid) {
  for (const char* name :
       {"model.img", "next.img", "squashfs.img", "our_ext4.img"}) {
    auto manifest = image::ParseManifest(Slurp(ManifestOf(Fixtures() / name)));
    EXPECT_THAT(manifest, Succeeds());
    if (manifest.has_value() && manifest->uuid == uuid) {
      EXPECT_TRUE(manifest->verity.has_value());
      return *std::move(manifest);
    }
  }
  return std::nullopt;
}

luks::OpenGrant DeviceTest::GrantFor(const luks::Header& header,
                                     const std::string& uuid) {
  luks::OpenGrant grant;
  grant.passphrase = SecretOf(kPassphrase);
  grant.uuid = uuid;
  grant.header_size = header.size();
  grant.header_sha256 = header.digest();
  grant.header_profile = "sealed-1";
  grant.file_system = "erofs";
  grant.mount_options = {"ro"};
  grant.verity = luks::VerityParameters{};
  if (const auto manifest = ManifestWith(uuid); manifest.has_value()) {
    grant.file_system = manifest->file_system;
    grant.mount_options = manifest->mount_options;
    grant.verity = manifest->verity;
  }
  return grant;
}

Result<luks::OpenTimings> DeviceTest::OpenWith(
    const fs::path& image, const luks::VolumePlace& place,
    const std::function<void(luks::OpenGrant*)>& change) {
  ASSIGN_OR_RETURN(const luks::Inspection inspection,
                   luks::InspectImage(image));
  if (!inspection.header.has_value()) {
    return Error(Reason::kHeaderRefused, inspection.refusal);
  }
  ASSIGN_OR_RETURN(const luks::ImageFile file, luks::ImageFile::Open(image));
  ASSIGN_OR_RETURN(const luks::Header header,
                   luks::Header::Read(file, inspection.header->size));
  luks::OpenGrant grant = GrantFor(header, inspection.header->uuid);
  change(&grant);
  return luks::OpenVolume(file, header, grant, place, [this](std::string line) {
    warnings_.push_back(std::move(line));
  });
}

Result<luks::OpenTimings> DeviceTest::Open(const fs::path& image,
                                           const luks::VolumePlace& place) {
  return OpenWith(image, place, [](luks::OpenGrant*) {});
}

std::vector<std::string> DeviceTest::Leftovers() const {
  std::vector<std::string> found;
  for (int attempt = 0; attempt < kPatience; ++attempt) {
    found.clear();
    for (const auto& entry : fs::directory_iterator("/sys/block")) {
      const std::string backing = Slurp(entry.path() / "loop" / "backing_file");
      const std::string mapping = Slurp(entry.path() / "dm" / "name");
      if (backing.find(folder_.path().string()) != std::string::npos) {
        found.push_back(entry.path().filename().string() + " on " + backing);
      }
      if (IsOurs(mapping)) {
        found.push_back("mapping " + mapping);
      }
    }
    // A link of udev's goes only after the device.
    for (const auto& entry : fs::directory_iterator("/dev/mapper")) {
      if (IsOurs(entry.path().filename().string())) {
        found.push_back("node " + entry.path().string());
      }
    }
    if (found.empty()) {
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return found;
}

void DeviceTest::AsImported(luks::OpenGrant* grant) {
  grant->header_profile = "imported-1";
  grant->verity.reset();
}

void DeviceTest::ExpectNothingLeft() const {
  EXPECT_EQ(Leftovers(), std::vector<std::string>{});
  for (const char* name : {"dt-one", "dt-two", "dt-three", "dt-four"}) {
    EXPECT_EQ(StateOf(Place(name)).kind, luks::VolumeState::Kind::kLocked);
  }
}

bool RunStep(std::string_view verb, const fs::path& image,
             const fs::path& mount_point) {
  class Step : public DeviceTest {
   public:
    Result<luks::OpenTimings> Run(const fs::path& path,
                                  const luks::VolumePlace& place) {
      return Open(path, place);
    }

   private:
    void TestBody() override {}
  };
  const luks::VolumePlace place{"dt-one", mount_point};
  if (verb == "--open") {
    return Step().Run(image, place).has_value();
  }
  return verb == "--close" &&
         luks::CloseVolume(place, luks::CloseMode::kNormal, nullptr)
             .has_value();
}

luks::VolumeState StateOf(const luks::VolumePlace& place) {
  const auto state = luks::StateOfVolume(place);
  EXPECT_THAT(state, Succeeds());
  return state.has_value() ? *state : luks::VolumeState{};
}

std::string UuidOf(const fs::path& image) {
  const auto inspection = luks::InspectImage(image);
  EXPECT_THAT(inspection, Succeeds());
  return inspection.has_value() && inspection->header.has_value()
             ? inspection->header->uuid
             : "";
}

}  // namespace tdxvfs::testing
