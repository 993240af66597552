// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/attribute_checks.h"

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "attest/policy/check_list.h"

namespace tdxvfs::policy {
namespace {

// Bits first to last of a mask, counted from the lowest.
struct Group {
  std::string_view name;
  unsigned first;
  unsigned last;
};

constexpr std::array<Group, 6> kNeverInAttributes = {
    {{"td_attributes DEBUG", 0, 0},
     {"td_attributes reserved bits 1-3", 1, 3},
     {"td_attributes reserved bits 7-15", 7, 15},
     // Bit 17, the service TD extension, comes with TD reports of a later kind.
     {"td_attributes reserved bit 17", 17, 17},
     {"td_attributes reserved bits 18-26", 18, 26},
     {"td_attributes reserved bits 32-61", 32, 61}}};

constexpr std::array<Group, 11> kAttributes = {
    {{"td_attributes HGS+ profiling", 4, 4},
     {"td_attributes performance profiling", 5, 5},
     {"td_attributes PMT profiling", 6, 6},
     {"td_attributes ICSSD", 16, 16},
     {"td_attributes LASS", 27, 27},
     {"td_attributes SEPT_VE_DISABLE", 28, 28},
     {"td_attributes MIGRATABLE", 29, 29},
     {"td_attributes PKS (key separation)", 30, 30},
     {"td_attributes KL (key locker)", 31, 31},
     {"td_attributes TPA", 62, 62},
     {"td_attributes PERFMON", 63, 63}}};

constexpr std::array<Group, 6> kNeverInXfam = {
    {{"xfam reserved bits 3-4", 3, 4},
     {"xfam reserved bit 10", 10, 10},
     {"xfam reserved bit 13", 13, 13},
     {"xfam reserved bit 16", 16, 16},
     {"xfam reserved bits 19-31", 19, 31},
     {"xfam reserved bits 32-63", 32, 63}}};

constexpr std::array<Group, 8> kXfam = {{{"xfam AVX", 2, 2},
                                         {"xfam AVX-512", 5, 7},
                                         {"xfam PT", 8, 8},
                                         {"xfam PKRU", 9, 9},
                                         {"xfam CET", 11, 12},
                                         {"xfam UINTR", 14, 14},
                                         {"xfam LBR", 15, 15},
                                         {"xfam AMX", 17, 18}}};
constexpr Group kX87AndSse = {"xfam x87 and SSE", 0, 1};

Bits MaskOf(const Group& group) {
  Bits mask{};
  for (unsigned bit = group.first; bit <= group.last; ++bit) {
    mask.at(bit / 8) =
        static_cast<std::uint8_t>(mask.at(bit / 8) | 1U << (bit % 8));
  }
  return mask;
}

std::string ShownBits(const Bits& bits, const Bits& mask) {
  if (bits == Bits{}) {
    return "clear";
  }
  return bits == mask ? "set" : ToHex(bits);
}

std::string ExpectedText(const Bits& allowed, const Bits& required,
                         const Bits& mask) {
  if (allowed == required) {
    return ShownBits(allowed, mask);
  }
  if (allowed == mask && required == Bits{}) {
    return "set or clear";
  }
  return "allowed " + ToHex(allowed) + " required " + ToHex(required);
}

attest::Check CheckGroup(const Group& group, const BitRule& rule,
                         const Bits& actual, std::string_view source) {
  const Bits mask = MaskOf(group);
  const Bits found = Common(actual, mask);
  const Bits allowed = Common(rule.allowed, mask);
  const Bits required = Common(rule.required, mask);
  return {std::string(group.name), ExpectedText(allowed, required, mask),
          ShownBits(found, mask),
          Within(found, allowed) && Within(required, found), source};
}

void CheckGroups(std::span<const Group> groups, const BitRule& rule,
                 const Bits& actual, std::string_view source,
                 attest::Checks& checks) {
  for (const Group& group : groups) {
    checks.push_back(CheckGroup(group, rule, actual, source));
  }
}

}  // namespace

attest::Checks CheckTdAttributes(const BitRule& rule, const Bits& actual) {
  attest::Checks checks;
  CheckGroups(kNeverInAttributes, BitRule{}, actual, kAlways, checks);
  CheckGroups(kAttributes, rule, actual, kByPolicy, checks);
  return checks;
}

attest::Checks CheckXfam(const BitRule& rule, const Bits& actual) {
  attest::Checks checks = {CheckGroup(
      kX87AndSse, {.allowed = kCompulsoryXfam, .required = kCompulsoryXfam},
      actual, kAlways)};
  CheckGroups(kNeverInXfam, BitRule{}, actual, kAlways, checks);
  CheckGroups(kXfam, rule, actual, kByPolicy, checks);
  return checks;
}

attest::Check CheckSeamAttributes(const Bits& actual) {
  return CheckGroup({"seam_attributes", 0, 63}, BitRule{}, actual, kAlways);
}

}  // namespace tdxvfs::policy
