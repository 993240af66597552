// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/progress_line.h"
#include "cli/text_table.h"
#include "cli/volume_access.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "luks/image/verify_image.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  VolumeAccess access;
  bool header_only = false;
};

// What was found; no verification: only the header was asked for.
struct Findings {
  image::Manifest manifest;
  std::optional<image::Verification> contents;
};

std::uint64_t HashBlocks(const image::Manifest& manifest) {
  return manifest.verity.has_value()
             ? image::VerityTreeBlocks(manifest.verity->data_blocks)
             : 0;
}

std::string BadBlockJson(const image::BadBlock& bad) {
  JsonObject object;
  object.String("kind", bad.level.has_value() ? "hash" : "data");
  if (bad.level.has_value()) {
    object.Number("level", *bad.level);
  }
  return object.Number("block", static_cast<long long>(bad.number))
      .Number("offset", static_cast<long long>(bad.image_offset))
      .Close();
}

std::string ToJson(const Options& options, const Findings& findings) {
  const auto number = [](std::uint64_t value) {
    return static_cast<long long>(value);
  };
  JsonObject object;
  object.String("image", options.access.image)
      .String("uuid", findings.manifest.uuid)
      .String("header", "holds")
      .String("signature",
              options.access.verify_key.empty() ? "not-checked" : "holds");
  if (!findings.contents.has_value()) {
    return object.String("contents", "not-checked").Close();
  }
  const image::Verification& contents = *findings.contents;
  if (contents.holds()) {
    object.String("file_system", findings.manifest.file_system);
  } else {
    object.Null("file_system");
  }
  JsonArray bad;
  for (const image::BadBlock& block : contents.bad) {
    bad.Raw(BadBlockJson(block));
  }
  return object.String("contents", contents.holds() ? "hold" : "damaged")
      .Number("data_blocks", number(findings.manifest.verity->data_blocks))
      .Number("hash_blocks", number(HashBlocks(findings.manifest)))
      .String("root_hash", ToHex(findings.manifest.verity->root_hash))
      .Number("bad_data_blocks", number(contents.bad_data_blocks))
      .Number("bad_hash_blocks", number(contents.bad_hash_blocks))
      .Number("unjudged_data_blocks", number(contents.unjudged_data_blocks))
      .Raw("bad", bad.Close())
      .Close();
}

std::string CountText(std::uint64_t blocks, std::uint64_t bad,
                      std::uint64_t unjudged) {
  std::string text = std::to_string(blocks) + " blocks";
  if (bad + unjudged == 0) {
    return text + ", all hold";
  }
  text += ", " + std::to_string(bad) + " bad";
  if (unjudged != 0) {
    text += ", " + std::to_string(unjudged) +
            " cannot be judged (their hash block is bad)";
  }
  return text;
}

void PrintTable(const Options& options, const Findings& findings,
                const Console& console) {
  TextTable table;
  table.Row({"image", options.access.image})
      .Row({"header", "holds: SHA-256 " +
                          ToHex(findings.manifest.header_sha256) +
                          ", profile " + findings.manifest.header_profile})
      .Row({"size", std::to_string(findings.manifest.image_size) +
                        " bytes, as the manifest says"})
      .Row({"signature", options.access.verify_key.empty()
                             ? "not checked: no --verify-key"
                             : "of the manifest, holds"});
  if (!findings.contents.has_value()) {
    table.Row({"contents",
               "not checked: the hash tree is encrypted too, and "
               "only --key-file opens it"});
    console.out << table.Text();
    return;
  }
  const image::Verification& contents = *findings.contents;
  if (contents.holds()) {
    table.Row({"file system",
               findings.manifest.file_system + ", as the manifest says"});
  }
  table
      .Row({"data",
            CountText(findings.manifest.verity->data_blocks,
                      contents.bad_data_blocks, contents.unjudged_data_blocks)})
      .Row({"hash tree", CountText(HashBlocks(findings.manifest),
                                   contents.bad_hash_blocks, 0)})
      .Row({"root hash", ToHex(findings.manifest.verity->root_hash)});
  for (const image::BadBlock& bad : contents.bad) {
    table.Row({"bad", Describe(bad)});
  }
  console.out << table.Text();
}

Result<image::Verification> VerifyContents(const Options& options,
                                           const image::Manifest& manifest,
                                           const Console& console) {
  ASSIGN_OR_RETURN(const image::SealedImage image,
                   OpenVolumeImage(options.access, manifest, console));
  RETURN_IF_ERROR(CheckHeldFileSystem(options.access, manifest, image));
  ProgressLine progress(console, "verifying '" + options.access.image + "'");
  return VerifyImage(image, [&](std::uint64_t done, std::uint64_t total) {
    progress.Show(done, total);
  });
}

Result<void> Verdict(const Options& options, const Findings& findings) {
  if (!findings.contents.has_value() || findings.contents->holds()) {
    return {};
  }
  const image::Verification& contents = *findings.contents;
  const std::uint64_t bad = contents.bad_data_blocks + contents.bad_hash_blocks;
  std::string what =
      "image '" + options.access.image + "': " + Describe(contents.bad.front());
  if (bad > 1) {
    what += " and " + std::to_string(bad - 1) + " more";
  }
  return Error(Reason::kImageCorrupt,
               what + (bad > 1 ? " are" : " is") + " not what was packed");
}

Result<void> VolumeVerify(const Options& options, const Console& console) {
  if (options.access.key_file.empty() && !options.header_only) {
    return Error(Reason::kUsage,
                 "--key-file is required to check the contents; --header-only "
                 "checks no more than the header and the size");
  }
  Findings findings;
  ASSIGN_OR_RETURN(findings.manifest, ReadMountedManifest(options.access));
  if (options.header_only) {
    RETURN_IF_ERROR(
        image::CheckImageHeader(options.access.image, findings.manifest));
  } else {
    ASSIGN_OR_RETURN(findings.contents,
                     VerifyContents(options, findings.manifest, console));
  }
  if (console.json()) {
    console.out << ToJson(options, findings) << "\n";
  } else {
    PrintTable(options, findings, console);
  }
  return Verdict(options, findings);
}

}  // namespace

void AddVolumeVerify(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "volume", "verify", "read every byte of an image and say what is wrong",
      [options](const Console& console) {
        return VolumeVerify(*options, console);
      });
  AddVolumeAccess(command, options->access);
  command
      .AddFlag("--header-only", options->header_only,
               "without the key: the header and the size alone")
      .Excludes("--key-file");
}

}  // namespace tdxvfs::cli
