// SPDX-License-Identifier: Apache-2.0
// What do the steps of an opening cost, against the same steps by bare library
// calls? As root on a kernel with device mapper; bench/in_guest.py runs it.
//
// usage: open_steps IMAGE MANIFEST PASSPHRASE_FILE [ROUNDS]
#include <stdio.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "bench/bare_volume.h"
#include "bench/measuring.h"
#include "bench/must.h"
#include "bench/packed_volume.h"

namespace tdxvfs::bench {
namespace {

constexpr int kRounds = 9;
constexpr const char* kOurPlace = "/run/bench-ours";
constexpr const char* kBarePlace = "/run/bench-bare";

// udev works on, behind the opening; its work belongs to no round.
void LetUdevFinish() {
  MustSystem(::system("udevadm settle") == 0, "udevadm settle");
}

double Milliseconds(std::chrono::microseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

BareTimings OpenOurs(const std::string& path, const image::Manifest& manifest,
                     const std::string& passphrase_file) {
  const luks::OpenGrant grant = GrantFor(manifest, passphrase_file);
  const luks::VolumePlace place{.name = "bench", .mount_point = kOurPlace};
  Stopwatch watch;
  const luks::ImageFile image = Must(luks::ImageFile::Open(path));
  const luks::Header header =
      Must(luks::Header::Read(image, manifest.header_size));
  const double read = watch.Lap();
  const luks::OpenTimings opened =
      Must(luks::OpenVolume(image, header, grant, place, {}));
  LetUdevFinish();
  Must(luks::CloseVolume(place, luks::CloseMode::kNormal, nullptr));
  return {.header = read + Milliseconds(opened.header),
          .loop = Milliseconds(opened.attach),
          .crypt = Milliseconds(opened.crypt),
          .verity = Milliseconds(opened.verity),
          .mount = Milliseconds(opened.mount)};
}

BareTimings OpenBare(const BareSettings& settings, const Secret& passphrase) {
  const BareVolume volume(settings, passphrase, kBarePlace);
  LetUdevFinish();
  return volume.timings();
}

using Rounds = std::vector<BareTimings>;

double Row(const char* name, double (*step)(const BareTimings&),
           const Rounds& ours, const Rounds& bare, const Rounds& waiting) {
  std::vector<double> medians;
  for (const Rounds* rounds : {&ours, &bare, &waiting}) {
    std::vector<double> values;
    for (const BareTimings& timings : *rounds) {
      values.push_back(step(timings));
    }
    medians.push_back(Median(values));
  }
  const double ratio = medians[0] / medians[1];
  (void)::printf("%-22s %8.2f %8.2f %6.2f %14.2f\n", name, medians[0],
                 medians[1], ratio, medians[2]);
  return ratio;
}

double Sum(const BareTimings& t) {
  return t.header + t.loop + t.crypt + t.verity + t.mount;
}

int Run(const std::string& image, const std::string& manifest_file,
        const std::string& passphrase_file, int rounds) {
  const image::Manifest manifest = ManifestIn(manifest_file);
  const Secret passphrase = PassphraseIn(passphrase_file);
  std::filesystem::create_directories(kBarePlace);
  BareSettings settings{.image = image,
                        .header_size = manifest.header_size,
                        .verity = manifest.verity,
                        .file_system = manifest.file_system};
  Rounds ours;
  Rounds bare;
  Rounds waiting;
  std::vector<double> key_slot;
  for (int round = -1; round < rounds; ++round) {
    const BareTimings our = OpenOurs(image, manifest, passphrase_file);
    settings.wait_for_udev = false;
    const BareTimings floor = OpenBare(settings, passphrase);
    settings.wait_for_udev = true;
    const BareTimings cookie = OpenBare(settings, passphrase);
    const double slot = KeySlotMilliseconds(image, passphrase);
    if (round >= 0) {  // the first one loads modules
      ours.push_back(our);
      bare.push_back(floor);
      waiting.push_back(cookie);
      key_slot.push_back(slot);
    }
  }
  (void)::printf("milliseconds, medians of %d%10s %8s %6s %14s\n", rounds,
                 "ours", "bare", "ratio", "bare with udev");
  const auto row = [&](const char* name, double (*step)(const BareTimings&)) {
    (void)Row(name, step, ours, bare, waiting);
  };
  row("load header", [](const BareTimings& t) { return t.header; });
  row("loop", [](const BareTimings& t) { return t.loop; });
  row("key slot and map", [](const BareTimings& t) { return t.crypt; });
  row("verity", [](const BareTimings& t) { return t.verity; });
  row("mount", [](const BareTimings& t) { return t.mount; });
  row("sum", Sum);
  (void)::printf("key slot alone         %8.2f\n", Median(key_slot));
  return 0;
}

}  // namespace
}  // namespace tdxvfs::bench

int main(int argc, char** argv) {
  if (argc < 4 || !tdxvfs::PrepareSecretMemory().has_value()) {
    (void)::fprintf(
        stderr, "usage: open_steps IMAGE MANIFEST PASSPHRASE_FILE [ROUNDS]\n");
    return 2;
  }
  return tdxvfs::bench::Run(
      argv[1], argv[2], argv[3],
      argc > 4 ? ::atoi(argv[4]) : tdxvfs::bench::kRounds);
}
