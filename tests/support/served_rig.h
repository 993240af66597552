// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_SUPPORT_SERVED_RIG_H_
#define TDXVFS_TESTS_SUPPORT_SERVED_RIG_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "simulator/pccs_server.h"
#include "tests/support/release_rig.h"

namespace tdxvfs::testing {

// A key server with a caching service of its own for collateral. The test may
// end the service first, and start it again.
struct ServedRig {
  ReleaseRig rig;
  simulator::PccsOptions settings;
  std::unique_ptr<simulator::PccsServer> service;

  // `clock` outlives the rig; null: the machine's own.
  explicit ServedRig(const simulator::CollateralOptions& options = {},
                     std::vector<simulator::PccsFault> faults = {},
                     const Clock* clock = nullptr)
      : rig([](keyserver::Config*) {}, clock) {
    settings.faults = std::move(faults);
    StartService(options);
    rig.Restart([this](keyserver::Config* config) {
      using Source = keyserver::CollateralConfig::Source;
      config->collateral.source = Source::kPccs;
      config->collateral.pccs_url = service->url();
      config->collateral.cache = config->store + ".collateral";
    });
  }

  // The second time at the address of the first.
  void StartService(const simulator::CollateralOptions& options = {}) {
    auto started = simulator::PccsServer::Start(rig.pki(), options, settings);
    if (!started.has_value()) {
      ADD_FAILURE() << started.error().ToString();
      std::abort();
    }
    service = std::make_unique<simulator::PccsServer>(*std::move(started));
    settings.listen = service->url().substr(std::string("http://").size());
  }

  bool Releases() {
    RawGuest guest(rig);
    guest.Send(guest.EvidenceFor(guest.Open()));
    const auto answer = guest.Receive();
    return answer.has_value() && answer->has_release();
  }
  Ending Refuses() {
    RawGuest guest(rig);
    return guest.Refused(guest.EvidenceFor(guest.Open()));
  }
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_SUPPORT_SERVED_RIG_H_
