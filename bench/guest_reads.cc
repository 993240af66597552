// SPDX-License-Identifier: Apache-2.0
// How fast are reads through an open volume, against the settings of the old
// scripts? As root on a kernel with device mapper; bench/in_guest.py runs it.
//
// usage: guest_reads FOLDER [ROUNDS]
// FOLDER: sealed.img with sealed.json (packed by us), old-512.img and
// old-4096.img (cryptsetup, ext4), key; each volume has one file, `weights`.
#include <fcntl.h>
#include <libcryptsetup.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "bench/bare_volume.h"
#include "bench/measuring.h"
#include "bench/must.h"
#include "bench/packed_volume.h"
#include "luks/inspect.h"

namespace tdxvfs::bench {
namespace {

constexpr int kRounds = 5;
constexpr std::size_t kPiece = 1U << 20U;  // bytes of a sequential read
constexpr std::size_t kSmall = 4096;       // bytes of a random read
constexpr int kRandomReads = 1000;
constexpr std::size_t kRawBytes = 24U << 20U;  // read of a bare mapping
constexpr const char* kPlace = "/run/bench-reads";

struct Speed {
  double sequential = 0;  // MB/s
  double random = 0;      // reads a second
};

void DropCaches() {
  ::sync();
  const UniqueFd file(::open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC));
  MustSystem(::write(file.get(), "3", 1) == 1, "drop caches");
}

// Reads [0, size) in order, then single blocks all over it; caches are empty
// before each.
Speed Read(const std::string& path, int flags, std::size_t size) {
  void* memory = nullptr;
  MustSystem(::posix_memalign(&memory, kSmall, kPiece) == 0, "memory");
  Speed speed;
  {
    DropCaches();
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
    MustSystem(file.valid(), path.c_str());
    Stopwatch watch;
    for (std::size_t at = 0; at < size; at += kPiece) {
      MustSystem(
          ::pread(file.get(), memory, kPiece, static_cast<off_t>(at)) > 0,
          "sequential read");
    }
    speed.sequential = static_cast<double>(size) / 1000 / watch.Lap();
  }
  DropCaches();
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  (void)::posix_fadvise(file.get(), 0, 0, POSIX_FADV_RANDOM);
  std::minstd_rand numbers(1);  // the same places each time
  Stopwatch watch;
  for (int i = 0; i < kRandomReads; ++i) {
    const std::size_t at = numbers() % (size / kSmall) * kSmall;
    MustSystem(::pread(file.get(), memory, kSmall, static_cast<off_t>(at)) > 0,
               "random read");
  }
  speed.random = kRandomReads * 1000 / watch.Lap();
  ::free(memory);
  return speed;
}

struct Case {
  std::string name;
  BareSettings settings;
  bool as_agent = false;  // by OpenVolume
  std::vector<double> sequential{};
  std::vector<double> random{};
};

class Bench {
 public:
  explicit Bench(std::string folder)
      : folder_(std::move(folder)),
        manifest_(ManifestIn(folder_ + "/sealed.json")),
        passphrase_(PassphraseIn(folder_ + "/key")) {
    std::filesystem::create_directories(kPlace);
  }

  void Run(const char* title, std::vector<Case> cases, int rounds) const {
    for (int round = 0; round < rounds; ++round) {
      for (Case& one : cases) {
        const Speed speed = Measure(one);
        one.sequential.push_back(speed.sequential);
        one.random.push_back(speed.random);
      }
    }
    const double sequential = Median(cases.front().sequential);
    const double random = Median(cases.front().random);
    (void)::printf("\n%-44s %8s %6s %9s %6s\n", title, "seq MB/s", "ratio",
                   "4K reads/s", "ratio");
    for (const Case& one : cases) {
      (void)::printf("%-44s %8.1f %6.2f %9.0f %6.2f\n", one.name.c_str(),
                     Median(one.sequential),
                     Median(one.sequential) / sequential, Median(one.random),
                     Median(one.random) / random);
    }
    (void)::fflush(stdout);
  }

  std::vector<Case> Files() const {
    BareSettings old = Old(512);
    old.direct_loop = false;
    old.file_system = "ext4";
    BareSettings sealed = Sealed(0);
    sealed.verity = manifest_.verity;
    sealed.file_system = manifest_.file_system;
    BareSettings flagged = sealed;
    flagged.crypt_flags = CRYPT_ACTIVATE_NO_READ_WORKQUEUE;
    BareSettings both = flagged;
    both.crypt_flags |= CRYPT_ACTIVATE_NO_WRITE_WORKQUEUE;
    return {{"old scripts", old},
            {"sealed, bare, no flags", sealed},
            {"sealed, bare, no_read_workqueue", flagged},
            {"sealed, bare, no_read and no_write_workqueue", both},
            {"sealed, as the agent opens it", sealed, true}};
  }

  // The mapping alone, read without the page cache.
  std::vector<Case> Mappings() const {
    std::vector<Case> cases;
    for (const std::uint32_t sector : {512U, 4096U}) {
      for (const std::uint32_t flags :
           {std::uint32_t{0},
            std::uint32_t{CRYPT_ACTIVATE_NO_READ_WORKQUEUE}}) {
        BareSettings settings = Old(sector);
        settings.crypt_flags = flags;
        cases.push_back({"dm-crypt, sectors of " + std::to_string(sector) +
                             (flags == 0 ? "" : ", no_read_workqueue"),
                         settings});
      }
    }
    return cases;
  }

 private:
  BareSettings Old(std::uint32_t sector) const {
    const std::string image =
        folder_ + "/old-" + std::to_string(sector) + ".img";
    return {.image = image,
            .header_size = Must(luks::InspectImage(image)).header->size,
            .loop_block = 512};
  }
  BareSettings Sealed(std::uint32_t flags) const {
    return {.image = folder_ + "/sealed.img",
            .header_size = manifest_.header_size,
            .crypt_flags = flags};
  }

  static Speed ReadWeights() {
    const std::string weights = std::string(kPlace) + "/weights";
    return Read(weights, 0, std::filesystem::file_size(weights));
  }

  Speed Measure(const Case& one) const {
    if (!one.as_agent) {
      const BareVolume volume(one.settings, passphrase_, kPlace);
      return one.settings.file_system.empty()
                 ? Read(BareVolume::crypt_path(), O_DIRECT, kRawBytes)
                 : ReadWeights();
    }
    const luks::VolumePlace place{.name = "bench", .mount_point = kPlace};
    const luks::ImageFile image =
        Must(luks::ImageFile::Open(one.settings.image));
    const luks::Header header =
        Must(luks::Header::Read(image, manifest_.header_size));
    Must(luks::OpenVolume(image, header, GrantFor(manifest_, folder_ + "/key"),
                          place, {}));
    const Speed speed = ReadWeights();
    Must(luks::CloseVolume(place, luks::CloseMode::kNormal, nullptr));
    return speed;
  }

  std::string folder_;
  image::Manifest manifest_;
  Secret passphrase_;
};

}  // namespace
}  // namespace tdxvfs::bench

int main(int argc, char** argv) {
  using tdxvfs::bench::Bench;
  if (argc < 2 || !tdxvfs::PrepareSecretMemory().has_value()) {
    (void)::fprintf(stderr, "usage: guest_reads FOLDER [ROUNDS]\n");
    return 2;
  }
  const int rounds = argc > 2 ? ::atoi(argv[2]) : tdxvfs::bench::kRounds;
  const Bench bench(argv[1]);
  bench.Run("file system", bench.Files(), rounds);
  bench.Run("mapping alone", bench.Mappings(), rounds);
  return 0;
}
