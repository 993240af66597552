// SPDX-License-Identifier: Apache-2.0
#include "simulator/pccs_response.h"

#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace tdxvfs::simulator {
namespace {

// A body of which half arrives before the connection ends.
struct HalfBody {
  std::string text;
};

ssize_t ReadHalf(void* closure, std::uint64_t position, char* buffer,
                 std::size_t room) {
  const std::string& text = static_cast<HalfBody*>(closure)->text;
  const std::size_t half = text.size() / 2;
  if (position >= half) {
    return MHD_CONTENT_READER_END_WITH_ERROR;
  }
  return static_cast<ssize_t>(
      text.copy(buffer, std::min(room, half - position), position));
}

void FreeHalf(void* closure) { delete static_cast<HalfBody*>(closure); }

}  // namespace

PccsResponsePtr MakePccsResponse(const PccsAnswer& answer, bool truncated) {
  PccsResponsePtr response;
  if (truncated) {
    auto half = std::make_unique<HalfBody>(HalfBody{answer.body});
    response.reset(MHD_create_response_from_callback(
        answer.body.size(), answer.body.size(), ReadHalf, half.get(),
        FreeHalf));
    if (response != nullptr) {
      (void)half.release();  // FreeHalf's now
    }
  } else {
    std::string body = answer.body;
    response.reset(MHD_create_response_from_buffer(body.size(), body.data(),
                                                   MHD_RESPMEM_MUST_COPY));
  }
  for (const auto& [name, value] : answer.headers) {
    if (response == nullptr ||
        MHD_add_response_header(response.get(), name.c_str(), value.c_str()) !=
            MHD_YES) {
      return nullptr;
    }
  }
  return response;
}

}  // namespace tdxvfs::simulator
