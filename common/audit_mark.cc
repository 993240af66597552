// SPDX-License-Identifier: Apache-2.0
#include "common/audit_mark.h"

#include <algorithm>
#include <utility>

#include "common/hex.h"
#include "common/json_text.h"

namespace tdxvfs::audit {
namespace {

constexpr std::size_t kTimeSize = 24;  // 2026-11-21T12:00:00.000Z
constexpr std::size_t kInstanceSize = 4;
constexpr std::string_view kLabel = "tdxvfs-audit-head-v1";

JsonObject Mark(std::string_view kind,
                std::chrono::system_clock::time_point now) {
  JsonObject object;
  object.String("time", JsonTime(now)).String("kind", kind);
  return object;
}

// Takes the members of a body one after the other. None of ours needs an
// escape, so the first quotation mark ends a text.
class MemberReader {
 public:
  explicit MemberReader(std::string_view body) : rest_(body) {
    good_ = Take("{");
  }

  std::string_view Text(std::string_view name, std::size_t size) {
    good_ = good_ && TakeName(name) && Take("\"") && rest_.size() > size;
    if (!good_) {
      return {};
    }
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    good_ = text.find_first_of("\"\\") == std::string_view::npos && Take("\"");
    return text;
  }

  template <std::size_t kSize>
  std::array<std::uint8_t, kSize> Bytes(std::string_view name) {
    std::array<std::uint8_t, kSize> bytes{};
    const std::string_view digits = Text(name, 2 * kSize);
    const auto read = FromHex(digits);
    good_ = good_ && read.has_value() && ToHex(*read) == digits;
    if (good_) {
      std::copy(read->begin(), read->end(), bytes.begin());
    }
    return bytes;
  }

  std::uint64_t Count(std::string_view name) {
    good_ = good_ && TakeName(name);
    const std::string_view digits = rest_.substr(0, rest_.find(','));
    const auto number = ReadCount(digits);
    good_ = good_ && number.has_value();
    if (!good_) {
      return 0;
    }
    rest_.remove_prefix(digits.size());
    return *number;
  }

  // Time and kind, which every mark begins with.
  std::string_view Begin(std::string_view kind) {
    const std::string_view time = Text("time", kTimeSize);
    good_ = Text("kind", kind.size()) == kind && good_;
    return time;
  }

  // Whether all was as expected; only `seq` may be left.
  bool Finish() const { return good_ && rest_.starts_with(",\"seq\":"); }

 private:
  bool Take(std::string_view text) {
    if (!rest_.starts_with(text)) {
      return false;
    }
    rest_.remove_prefix(text.size());
    return true;
  }
  bool TakeName(std::string_view name) {
    if (!first_ && !Take(",")) {
      return false;
    }
    first_ = false;
    return Take("\"") && Take(name) && Take("\":");
  }

  std::string_view rest_;
  bool first_ = true;
  bool good_ = true;
};

}  // namespace

std::string SignedText(const Head& head) {
  std::string text(kLabel);
  for (const std::string& part :
       {head.instance, std::to_string(head.last.sequence),
        ToHex(head.last.link), head.time}) {
    text += "\n" + part;
  }
  return text + "\n";
}

Result<std::string> HeadJson(const SigningKey& key, std::string_view instance,
                             const Position& last,
                             std::chrono::system_clock::time_point now) {
  Head head{JsonTime(now), std::string(instance), key.public_key().bytes(),
            last, ""};
  ASSIGN_OR_RETURN(head.signature, key.Sign(SignedText(head)));
  return Mark("head", now)
      .String("instance", head.instance)
      .String("key", ToHex(head.key))
      .Number("last_seq", static_cast<long long>(last.sequence))
      .String("last_link", ToHex(last.link))
      .String("signature", ToHex(AsBytes(head.signature)))
      .Close();
}

std::optional<Head> ReadHead(std::string_view body) {
  MemberReader reader(body);
  Head head;
  head.time = reader.Begin("head");
  head.instance = reader.Text("instance", kInstanceSize);
  head.key = reader.Bytes<PublicKey::kSize>("key");
  head.last.sequence = reader.Count("last_seq");
  head.last.link = reader.Bytes<sizeof(Sha256Digest)>("last_link");
  head.signature = AsText(reader.Bytes<64>("signature"));
  return reader.Finish() ? std::optional(std::move(head)) : std::nullopt;
}

std::string ToJson(const ChainBegin& begin,
                   std::chrono::system_clock::time_point now) {
  return Mark("chain", now)
      .String("instance", begin.instance)
      .String("key", ToHex(begin.key))
      .Number("unlinked_bytes", static_cast<long long>(begin.unlinked_bytes))
      .String("unlinked_sha256", ToHex(begin.unlinked_sha256))
      .Close();
}

std::optional<ChainBegin> ReadChainBegin(std::string_view body) {
  MemberReader reader(body);
  ChainBegin begin;
  reader.Begin("chain");
  begin.instance = reader.Text("instance", kInstanceSize);
  begin.key = reader.Bytes<PublicKey::kSize>("key");
  begin.unlinked_bytes = reader.Count("unlinked_bytes");
  begin.unlinked_sha256 = reader.Bytes<sizeof(Sha256Digest)>("unlinked_sha256");
  return reader.Finish() ? std::optional(std::move(begin)) : std::nullopt;
}

std::string ToJson(const FileBegin& begin,
                   std::chrono::system_clock::time_point now) {
  return Mark("file", now)
      .String("instance", begin.instance)
      .Number("last_seq", static_cast<long long>(begin.last.sequence))
      .String("last_link", ToHex(begin.last.link))
      .Close();
}

std::optional<FileBegin> ReadFileBegin(std::string_view body) {
  MemberReader reader(body);
  FileBegin begin;
  reader.Begin("file");
  begin.instance = reader.Text("instance", kInstanceSize);
  begin.last.sequence = reader.Count("last_seq");
  begin.last.link = reader.Bytes<sizeof(Sha256Digest)>("last_link");
  return reader.Finish() ? std::optional(std::move(begin)) : std::nullopt;
}

std::string TornJson(std::uint64_t bytes, const Sha256Digest& sha256,
                     std::chrono::system_clock::time_point now) {
  return Mark("torn", now)
      .Number("bytes", static_cast<long long>(bytes))
      .String("sha256", ToHex(sha256))
      .Close();
}

std::string KeyChangeJson(const PublicKey& key, const PublicKey::Bytes& before,
                          std::chrono::system_clock::time_point now) {
  return Mark("key", now)
      .String("key", ToHex(key.bytes()))
      .String("key_before", ToHex(before))
      .Close();
}

std::string_view MarkKind(std::string_view body) {
  constexpr std::string_view start = R"({"time":")";
  constexpr std::string_view kind = R"(","kind":")";
  if (!body.starts_with(start) || body.size() < start.size() + kTimeSize) {
    return {};
  }
  body.remove_prefix(start.size() + kTimeSize);
  if (!body.starts_with(kind)) {
    return {};
  }
  body.remove_prefix(kind.size());
  return body.substr(0, body.find('"'));
}

}  // namespace tdxvfs::audit
