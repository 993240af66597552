// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "cli/binary_units.h"
#include "cli/commands.h"
#include "cli/text_table.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "common/profile_limits.h"
#include "luks/inspect.h"

namespace tdxvfs::cli {
namespace {

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

void AddHeader(JsonObject& object, const luks::HeaderDescription& header) {
  JsonArray slots;
  for (const luks::KeySlotInfo& slot : header.key_slots) {
    slots.Raw(SlotJson(slot));
  }
  AddText(object, "uuid", header.uuid);
  object.Number("header_size", static_cast<long long>(header.size))
      .String("header_sha256", ToHex(header.sha256))
      .Number("data_size", static_cast<long long>(header.data_size));
  AddText(object, "cipher", header.cipher);
  object.Number("sector_size", header.sector_size);
  AddText(object, "integrity", header.integrity);
  object.Raw("key_slots", slots.Close()).Number("tokens", header.tokens);
}

// The same members, so that whoever reads them can tell 0 from not known.
void AddNoHeader(JsonObject& object) {
  for (const char* name :
       {"uuid", "header_size", "header_sha256", "data_size", "cipher",
        "sector_size", "integrity", "key_slots", "tokens"}) {
    object.Null(name);
  }
}

std::string ToJson(const luks::Inspection& image) {
  JsonObject object;
  object.Number("luks_version", image.luks_version)
      .Number("image_size", static_cast<long long>(image.image_size));
  if (image.header.has_value()) {
    AddHeader(object, *image.header);
  } else {
    AddNoHeader(object);
  }
  AddText(object, "profile", image.header_profile);
  const std::string_view limits = LimitsOfProfile(image.header_profile);
  if (!limits.empty()) {
    object.String("limits", limits);
  }
  AddText(object, "refusal", image.refusal);
  JsonArray refusals;
  for (const luks::HeaderRefusal& refusal : image.refusals) {
    refusals.Raw(JsonObject()
                     .String("path", refusal.path)
                     .String("reason", refusal.reason)
                     .Close());
  }
  return object.Raw("refusals", refusals.Close()).Close();
}

void AddHeader(TextTable& table, const luks::HeaderDescription& header) {
  table.Row({"uuid", header.uuid})
      .Row({"header size", SizeText(header.size)})
      .Row({"header sha-256", ToHex(header.sha256)})
      .Row({"data size", SizeText(header.data_size)})
      .Row({"cipher", header.cipher})
      .Row({"sector size", SizeText(header.sector_size)})
      .Row({"integrity", header.integrity.empty() ? "none" : header.integrity});
  for (const luks::KeySlotInfo& slot : header.key_slots) {
    table.Row({"key slot " + std::to_string(slot.number), SlotText(slot)});
  }
  table.Row({"tokens", std::to_string(header.tokens)});
}

void PrintTable(const luks::Inspection& image, const Console& console) {
  TextTable table;
  table.Row({"format", "LUKS" + std::to_string(image.luks_version)})
      .Row({"image size", SizeText(image.image_size)});
  if (image.header.has_value()) {
    AddHeader(table, *image.header);
  }
  table.Row({"profile",
             image.header_profile.empty() ? "none" : image.header_profile});
  const std::string_view limits = LimitsOfProfile(image.header_profile);
  if (!limits.empty()) {
    table.Row({"limits", std::string(limits)});
  }
  if (!image.refusal.empty()) {
    table.Row({"refused", image.refusal});
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
