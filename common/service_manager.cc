// SPDX-License-Identifier: Apache-2.0
#include "common/service_manager.h"

#include <stdlib.h>

#include <memory>

#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

namespace tdxvfs {
namespace {

struct CloseBus {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
using BusPtr = std::unique_ptr<sd_bus, CloseBus>;

struct FreeText {
  void operator()(char* text) const { free(text); }
};

constexpr const char* kSystemdSocket = "unix:path=/run/systemd/private";
constexpr std::uint64_t kAnswerMicroseconds = 2'000'000;

}  // namespace

void NotifyService(const std::string& state) {
  // Nobody to tell, or a full socket: the work goes on either way.
  (void)sd_notify(0, state.c_str());
}

std::multimap<std::string, UniqueFd> TakePassedSockets() {
  std::multimap<std::string, UniqueFd> sockets;
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(1, &names);
  for (int i = 0; i < count; ++i) {
    sockets.emplace(names[i], UniqueFd(SD_LISTEN_FDS_START + i));
    free(names[i]);
  }
  free(static_cast<void*>(names));
  return sockets;
}

bool SystemIsStopping() {
  sd_bus* raw_bus = nullptr;
  if (sd_bus_new(&raw_bus) < 0) {
    return false;
  }
  const BusPtr bus(raw_bus);
  char* raw_state = nullptr;
  if (sd_bus_set_address(bus.get(), kSystemdSocket) < 0 ||
      sd_bus_set_method_call_timeout(bus.get(), kAnswerMicroseconds) < 0 ||
      sd_bus_start(bus.get()) < 0 ||
      sd_bus_get_property_string(bus.get(), "org.freedesktop.systemd1",
                                 "/org/freedesktop/systemd1",
                                 "org.freedesktop.systemd1.Manager",
                                 "SystemState", nullptr, &raw_state) < 0) {
    return false;
  }
  const std::unique_ptr<char, FreeText> state(raw_state);
  return std::string(state.get()) == "stopping";
}

}  // namespace tdxvfs
