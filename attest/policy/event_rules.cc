// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/event_rules.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "attest/policy/check_list.h"
#include "attest/policy/json_lists.h"

namespace tdxvfs::policy {
namespace {

using event_log::EventKind;
using Digests = EventRules::Digests;
using Events = std::vector<LoggedEvent>;
using Matches = std::function<bool(const LoggedEvent&)>;

bool Listed(const Digests& digests, const LoggedEvent& event) {
  return std::find(digests.begin(), digests.end(), event.digest) !=
         digests.end();
}

Result<void> ReadByRtmr(const JsonMember& member, EventRules& rules) {
  return member.ForEachMember([&rules](std::string_view name,
                                       const JsonMember& list) -> Result<void> {
    if (name.size() != 1 || name[0] < '0' || name[0] > '3') {
      return JsonMember::UnknownMember(list, "0, 1, 2, 3");
    }
    ASSIGN_OR_RETURN(rules.by_rtmr.at(static_cast<std::size_t>(name[0] - '0')),
                     ReadByteArrays<48>(list));
    return {};
  });
}

attest::Check CheckEventDigests(std::string name, const Digests& accepted,
                                const Events* events, const Matches& matches) {
  attest::Check check{.name = std::move(name),
                      .expected = ListText(accepted),
                      .actual = "the guest sent no event log",
                      .source = kByPolicy};
  if (events == nullptr) {
    return check;
  }
  check.actual.clear();
  check.passed = true;
  for (const LoggedEvent& event : *events) {
    if (matches(event)) {
      check.actual += (check.actual.empty() ? "" : " ") + ToHex(event.digest);
      check.passed = check.passed && Listed(accepted, event);
    }
  }
  if (check.actual.empty()) {
    check.actual = "no such event";
    check.passed = false;
  }
  return check;
}

std::string_view Words(EventKind kind) { return event_log::InfoOf(kind).words; }

std::string KnownNames() {
  std::string names = "rtmr";
  for (std::size_t i = 0; i < event_log::kEventKindCount; ++i) {
    const auto& info = event_log::InfoOf(static_cast<EventKind>(i));
    if (info.in_policies) {
      names += ", " + std::string(info.name);
    }
  }
  return names;
}

}  // namespace

bool EventRules::empty() const {
  return by_kind.empty() &&
         std::all_of(by_rtmr.begin(), by_rtmr.end(),
                     [](const Digests& digests) { return digests.empty(); });
}

Result<EventRules> ReadEventRules(const JsonMember& member) {
  EventRules rules;
  RETURN_IF_ERROR(member.ForEachMember(
      [&rules](std::string_view name, const JsonMember& list) -> Result<void> {
        if (name == "rtmr") {
          return ReadByRtmr(list, rules);
        }
        const auto kind = event_log::EventKindFromPolicy(name);
        if (!kind.has_value()) {
          return JsonMember::UnknownMember(list, KnownNames());
        }
        ASSIGN_OR_RETURN(rules.by_kind[*kind], ReadByteArrays<48>(list));
        return {};
      }));
  return rules;
}

Result<Events> LoggedEvents(const event_log::EventLog& log) {
  Events events;
  for (const event_log::Event& event : log.events) {
    if (const auto rtmr = event.rtmr(); rtmr.has_value()) {
      ASSIGN_OR_RETURN(const event_log::EventDescription description,
                       event_log::Describe(event));
      events.push_back({*rtmr, description.kind, event.digest});
    }
  }
  return events;
}

attest::Checks CheckEvents(const EventRules& rules, const Events* events) {
  attest::Checks checks;
  for (const auto& [kind, digests] : rules.by_kind) {
    checks.push_back(CheckEventDigests("event " + std::string(Words(kind)),
                                       digests, events,
                                       [kind = kind](const LoggedEvent& event) {
                                         return event.kind == kind;
                                       }));
  }
  for (std::size_t i = 0; i < rules.by_rtmr.size(); ++i) {
    if (!rules.by_rtmr.at(i).empty()) {
      checks.push_back(CheckEventDigests(
          "events of rtmr" + std::to_string(i), rules.by_rtmr.at(i), events,
          [i](const LoggedEvent& event) { return event.rtmr == i; }));
    }
  }
  return checks;
}

std::string DifferingEvents(const EventRules& rules, const Events& events,
                            std::size_t rtmr) {
  std::set<std::string_view> differing;
  for (const LoggedEvent& event : events) {
    if (event.rtmr != rtmr) {
      continue;
    }
    const auto named = rules.by_kind.find(event.kind);
    const Digests& of_register = rules.by_rtmr.at(rtmr);
    if ((named != rules.by_kind.end() && !Listed(named->second, event)) ||
        (!of_register.empty() && !Listed(of_register, event))) {
      differing.insert(Words(event.kind));
    }
  }
  std::string text;
  for (const std::string_view words : differing) {
    text += (text.empty() ? "" : ", ") + std::string(words);
  }
  return text;
}

}  // namespace tdxvfs::policy
