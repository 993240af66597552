// SPDX-License-Identifier: Apache-2.0
#include "common/audit_line.h"

#include <algorithm>
#include <charconv>

#include "common/hex.h"

namespace tdxvfs::audit {
namespace {

constexpr std::string_view kSequence = R"(,"seq":)";
constexpr std::string_view kLink = R"(,"link":")";
constexpr std::string_view kEnd = R"("})";
constexpr std::size_t kLinkDigits = 64;

}  // namespace

Result<Sha256Digest> LinkAfter(const Sha256Digest& before,
                               std::string_view body) {
  std::string covered = ToHex(before);
  covered += body;
  return Sha256(AsBytes(covered));
}

Result<std::string> LinkLine(std::string_view json, Position* position) {
  const std::uint64_t sequence = position->sequence + 1;
  std::string line(json.substr(0, json.size() - 1));
  line += kSequence;
  line += std::to_string(sequence);
  ASSIGN_OR_RETURN(const Sha256Digest link, LinkAfter(position->link, line));
  *position = {sequence, link};
  line += kLink;
  line += ToHex(link);
  line += kEnd;
  return line;
}

std::optional<LinkedLine> ReadLinkedLine(std::string_view line) {
  constexpr std::size_t tail_size = kLink.size() + kLinkDigits + kEnd.size();
  if (line.size() <= tail_size || !line.starts_with('{') ||
      !line.ends_with(kEnd)) {
    return std::nullopt;
  }
  const std::string_view tail = line.substr(line.size() - tail_size);
  const std::string_view body = line.substr(0, line.size() - tail_size);
  const std::size_t at = body.rfind(kSequence);
  if (!tail.starts_with(kLink) || at == std::string_view::npos) {
    return std::nullopt;
  }
  const auto sequence = ReadCount(body.substr(at + kSequence.size()));
  const auto link = ReadDigest(tail.substr(kLink.size(), kLinkDigits));
  if (!sequence.has_value() || !link.has_value()) {
    return std::nullopt;
  }
  return LinkedLine{body, {*sequence, *link}};
}

std::optional<Sha256Digest> ReadDigest(std::string_view digits) {
  const auto bytes = FromHex(digits);
  Sha256Digest digest{};
  if (!bytes.has_value() || bytes->size() != digest.size()) {
    return std::nullopt;
  }
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  if (ToHex(digest) != digits) {
    return std::nullopt;
  }
  return digest;
}

std::optional<std::uint64_t> ReadCount(std::string_view digits) {
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, number);
  if (digits.empty() || read.ec != std::errc() || read.ptr != end ||
      std::to_string(number) != digits) {
    return std::nullopt;
  }
  return number;
}

}  // namespace tdxvfs::audit
