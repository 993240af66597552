// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/text_table.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "common/profile_limits.h"
#include "luks/inspect.h"

namespace tdxvfs::cli {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1024} * 1024;  // bytes

struct Options {
  std::string image;
};

// "1 MiB (1048576 bytes)" where a unit divides it, else bytes alone.
std::string SizeText(std::uint64_t bytes) {
  std::string plain = std::to_string(bytes) + " bytes";
  if (bytes == 0 || bytes % kMebibyte != 0) {
    return plain;
  }
  return std::to_string(bytes / kMebibyte) + " MiB (" + plain + ")";
}

std::string SlotText(const luks::KeySlotInfo& slot) {
  std::string text = slot.kdf + ", " + std::to_string(slot.kdf_iterations) +
                     (slot.kdf == "pbkdf2" ? " iterations" : " passes");
  if (slot.kdf_memory != 0) {
    text += ", " + std::to_string(slot.kdf_memory) + " KiB, " +
            std::to_string(slot.kdf_threads) + " threads";
  }
  return text + "; " + slot.cipher + "; " + std::to_string(slot.key_size) +
         "-byte volume key";
}

std::string SlotJson(const luks::KeySlotInfo& slot) {
  JsonObject object;
  object.Number("number", slot.number)
      .Number("key_size", slot.key_size)
      .String("cipher", slot.cipher)
      .String("kdf", slot.kdf)
      .Number("kdf_iterations", static_cast<long long>(slot.kdf_iterations));
  if (slot.kdf_memory != 0) {
    object.Number("kdf_memory_kib", static_cast<long long>(slot.kdf_memory))
        .Number("kdf_threads", slot.kdf_threads);
  }
  return object.Close();
}

void AddText(JsonObject& object, std::string_view name,
             const std::string& text) {
  if (text.empty()) {
    object.Null(name);
  } else {
    object.String(name, text);
  }
}

std::string ToJson(const luks::Inspection& image) {
  JsonArray slots;
  for (const luks::KeySlotInfo& slot : image.key_slots) {
    slots.Raw(SlotJson(slot));
  }
  JsonObject object;
  object.Number("luks_version", image.luks_version);
  AddText(object, "uuid", image.uuid);
  object.Number("header_size", static_cast<long long>(image.header_size))
      .String("header_sha256", ToHex(image.header_sha256))
      .Number("image_size", static_cast<long long>(image.image_size))
      .Number("data_size", static_cast<long long>(image.data_size));
  AddText(object, "cipher", image.cipher);
  object.Number("sector_size", image.sector_size);
  AddText(object, "integrity", image.integrity);
  object.Raw("key_slots", slots.Close()).Number("tokens", image.tokens);
  AddText(object, "profile", image.header_profile);
  const std::string_view limits = LimitsOfProfile(image.header_profile);
  if (!limits.empty()) {
    object.String("limits", limits);
  }
  JsonArray refusals;
  for (const luks::HeaderRefusal& refusal : image.refusals) {
    refusals.Raw(JsonObject()
                     .String("path", refusal.path)
                     .String("reason", refusal.reason)
                     .Close());
  }
  return object.Raw("refusals", refusals.Close()).Close();
}

void PrintTable(const luks::Inspection& image, const Console& console) {
  TextTable table;
  table.Row({"format", "LUKS" + std::to_string(image.luks_version)})
      .Row({"uuid", image.uuid})
      .Row({"header size", SizeText(image.header_size)})
      .Row({"header sha-256", ToHex(image.header_sha256)})
      .Row({"image size", SizeText(image.image_size)})
      .Row({"data size", SizeText(image.data_size)})
      .Row({"cipher", image.cipher})
      .Row({"sector size", SizeText(image.sector_size)})
      .Row({"integrity", image.integrity.empty() ? "none" : image.integrity});
  for (const luks::KeySlotInfo& slot : image.key_slots) {
    table.Row({"key slot " + std::to_string(slot.number), SlotText(slot)});
  }
  table.Row({"tokens", std::to_string(image.tokens)});
  table.Row({"profile",
             image.header_profile.empty() ? "none" : image.header_profile});
  const std::string_view limits = LimitsOfProfile(image.header_profile);
  if (!limits.empty()) {
    table.Row({"limits", std::string(limits)});
  }
  for (const luks::HeaderRefusal& refusal : image.refusals) {
    table.Row({"refused", refusal.path + " " + refusal.reason});
  }
  console.out << table.Text();
}

Result<void> VolumeInspect(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const luks::Inspection image,
                   luks::InspectImage(options.image));
  if (console.json()) {
    console.out << ToJson(image) << "\n";
  } else {
    PrintTable(image, console);
  }
  if (image.header_profile.empty()) {
    return Error(Reason::kHeaderRefused,
                 "image '" + options.image + "': " + image.refusal);
  }
  return {};
}

}  // namespace

void AddVolumeInspect(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "volume", "inspect",
      "show what an image's header says; nothing of it is authenticated",
      [options](const Console& console) {
        return VolumeInspect(*options, console);
      });
  command.AddOption("IMAGE", options->image, "file or block device").Required();
}

}  // namespace tdxvfs::cli
