// SPDX-License-Identifier: Apache-2.0
#include "cli/stop_signals.h"

namespace tdxvfs::cli {
namespace {

volatile sig_atomic_t stop_signal = 0;

void NoteStop(int number) { stop_signal = number; }

}  // namespace

StopSignals::StopSignals() {
  stop_signal = 0;
  struct sigaction note {};
  note.sa_handler = &NoteStop;
  note.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < kNoted.size(); ++i) {
    (void)::sigaction(kNoted[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) {
      (void)::sigaction(kNoted[i], &note, nullptr);
    }
  }
}

StopSignals::~StopSignals() { Restore(); }

bool StopSignals::Came() { return stop_signal != 0; }

void StopSignals::DieIfCame() {
  Restore();
  if (Came()) {
    (void)::raise(stop_signal);
  }
}

void StopSignals::Restore() {
  for (std::size_t i = 0; i < kNoted.size(); ++i) {
    (void)::sigaction(kNoted[i], &before_[i], nullptr);
  }
}

}  // namespace tdxvfs::cli
