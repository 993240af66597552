// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_QUOTE_ARGUMENTS_H_
#define TDXVFS_SIMULATOR_QUOTE_ARGUMENTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "common/result.h"
#include "simulator/quote_answerer.h"

namespace tdxvfs::simulator {

// The words of every command that makes quotes.
struct QuoteArguments {
  std::string pki;  // folder
  std::map<std::string, std::string> measurements;
  std::uint16_t version = 4;
  std::optional<std::size_t> padding;
  unsigned delay_ms = 0;
  int error_number = 0;
  std::uint16_t certification_type = kPemPckChain;
  std::string fault = "none";
};

// Gives a command these options; a service has more of them. The arguments must
// outlive the command.
void AddQuoteOptions(CLI::App* command, QuoteArguments& arguments);
void AddServiceOptions(CLI::App* command, QuoteArguments& arguments);

// Who answers as the arguments say; `usual_padding` where they say nothing.
Result<QuoteAnswerer> MakeAnswerer(const QuoteArguments& arguments,
                                   std::size_t usual_padding);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_QUOTE_ARGUMENTS_H_
