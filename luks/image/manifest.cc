// SPDX-License-Identifier: Apache-2.0
#include "luks/image/manifest.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "common/hex.h"
#include "common/json_text.h"
#include "luks/image/verity_json.h"

namespace tdxvfs::image {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::uint64_t kManifestVersion = 1;
constexpr std::size_t kMaxManifest = 65536;  // bytes

Error ManifestError(std::string_view member, std::string_view what) {
  return {Reason::kFileInvalid,
          "manifest: '" + std::string(member) + "' " + std::string(what)};
}

Result<void> Read(std::string_view name, const element& value,
                  std::string* text) {
  std::string_view read;
  if (value.get(read) != simdjson::SUCCESS || read.empty()) {
    return ManifestError(name, "is no text or empty");
  }
  *text = read;
  return {};
}

Result<void> Read(std::string_view name, const element& value,
                  std::uint64_t* number) {
  // The upper end is that of a file's size.
  if (value.get(*number) != simdjson::SUCCESS || *number == 0 ||
      *number > std::numeric_limits<std::int64_t>::max()) {
    return ManifestError(name, "is no whole number above zero");
  }
  return {};
}

Result<void> Read(std::string_view name, const element& value,
                  Sha256Digest* digest) {
  std::string text;
  RETURN_IF_ERROR(Read(name, value, &text));
  const auto bytes = FromHex(text);
  if (!bytes.has_value() || bytes->size() != digest->size()) {
    return ManifestError(name, "is not 64 hex digits");
  }
  std::copy(bytes->begin(), bytes->end(), digest->begin());
  return {};
}

Result<void> Read(std::string_view name, const element& value,
                  std::vector<std::string>* list) {
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS) {
    return ManifestError(name, "is no array");
  }
  for (const element item : items) {
    std::string text;
    RETURN_IF_ERROR(Read(name, item, &text));
    list->push_back(std::move(text));
  }
  return {};
}

// What needs the whole object to be judged.
struct Remaining {
  std::uint64_t version = 0;
  std::string verity;  // JSON
};

Result<void> ReadManifestMember(std::string_view name, const element& value,
                                Manifest* manifest, Remaining* remaining) {
  if (name == "version") {
    return Read(name, value, &remaining->version);
  }
  if (name == "verity") {
    remaining->verity = simdjson::minify(value);
    return {};
  }
  if (name == "uuid") {
    return Read(name, value, &manifest->uuid);
  }
  if (name == "header_size") {
    return Read(name, value, &manifest->header_size);
  }
  if (name == "header_sha256") {
    return Read(name, value, &manifest->header_sha256);
  }
  if (name == "header_profile") {
    return Read(name, value, &manifest->header_profile);
  }
  if (name == "file_system") {
    return Read(name, value, &manifest->file_system);
  }
  if (name == "mount_options") {
    return Read(name, value, &manifest->mount_options);
  }
  if (name == "data_size") {
    return Read(name, value, &manifest->data_size);
  }
  if (name == "image_size") {
    return Read(name, value, &manifest->image_size);
  }
  return ManifestError(name, "is not known");
}

constexpr std::array<std::string_view, 9> kManifestMembers{
    "version",       "uuid",           "header_size",
    "header_sha256", "header_profile", "file_system",
    "mount_options", "data_size",      "image_size"};

}  // namespace

std::string ManifestJson(const Manifest& manifest) {
  JsonArray options;
  for (const std::string& option : manifest.mount_options) {
    options.String(option);
  }
  JsonObject json;
  json.Number("version", kManifestVersion)
      .String("uuid", manifest.uuid)
      .Number("header_size", static_cast<long long>(manifest.header_size))
      .String("header_sha256", ToHex(manifest.header_sha256))
      .String("header_profile", manifest.header_profile)
      .String("file_system", manifest.file_system)
      .Raw("mount_options", options.Close())
      .Number("data_size", static_cast<long long>(manifest.data_size))
      .Number("image_size", static_cast<long long>(manifest.image_size));
  if (manifest.verity.has_value()) {
    json.Raw("verity", VerityJson(*manifest.verity));
  }
  return json.Close() + "\n";
}

Result<Manifest> ParseManifest(std::string_view json) {
  simdjson::dom::parser parser;
  object root;
  if (json.size() > kMaxManifest ||
      parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return Error(Reason::kFileInvalid, "manifest: no JSON object");
  }
  Manifest manifest;
  Remaining remaining;
  std::set<std::string_view> seen;
  for (const auto& [name, value] : root) {
    if (!seen.insert(name).second) {
      return ManifestError(name, "stands there twice");
    }
    RETURN_IF_ERROR(ReadManifestMember(name, value, &manifest, &remaining));
  }
  for (const std::string_view member : kManifestMembers) {
    if (!seen.contains(member)) {
      return ManifestError(member, "is missing");
    }
  }
  if (remaining.version != kManifestVersion) {
    return ManifestError("version", "is not 1");
  }
  if (manifest.data_size > manifest.image_size ||
      manifest.image_size - manifest.data_size != manifest.header_size) {
    return ManifestError("image_size",
                         "is not header_size and data_size together");
  }
  if (seen.contains("verity")) {
    ASSIGN_OR_RETURN(manifest.verity,
                     ParseVerity(remaining.verity, manifest.data_size));
  }
  return manifest;
}

}  // namespace tdxvfs::image
