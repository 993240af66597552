// SPDX-License-Identifier: Apache-2.0
#include "simulator/guest_quoter.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "common/service_manager.h"
#include "common/unique_fd.h"

namespace tdxvfs::simulator {
namespace {

// TDREPORT_STRUCT: REPORTMACSTRUCT comes first and has REPORTDATA at 128.
constexpr std::size_t kTdReportSize = 1024;
constexpr std::size_t kReportDataInTdReport = 128;

using TdReportStruct = std::array<std::uint8_t, kTdReportSize>;

Result<TdReportStruct> ReadRequest(int device, const std::string& name) {
  TdReportStruct request{};
  while (true) {
    const ssize_t count = read(device, request.data(), request.size());
    if (count == static_cast<ssize_t>(request.size())) {
      return request;
    }
    if (count >= 0) {
      return Error(Reason::kIoError, "read " + name + ": half a request");
    }
    if (errno != EINTR) {
      return SystemError(Reason::kIoError, "read " + name, errno);
    }
  }
}

// An answer that nobody waits for any more is refused by the device; the next
// request is none the worse for it.
Result<void> WriteAnswer(int device, std::span<const std::uint8_t> answer,
                         const std::string& name) {
  if (write(device, answer.data(), answer.size()) < 0 && errno != EINVAL) {
    return SystemError(Reason::kIoError, "write " + name, errno);
  }
  return {};
}

}  // namespace

Result<void> ServeGuestDevice(const std::filesystem::path& device,
                              QuoteAnswerer& answerer) {
  const std::string name = "'" + device.string() + "'";
  const UniqueFd file(open(device.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.valid()) {
    return SystemError(Reason::kFileNotFound, "open " + name, errno);
  }
  NotifyService("READY=1");
  while (true) {
    ASSIGN_OR_RETURN(const TdReportStruct request,
                     ReadRequest(file.get(), name));
    const auto report_data =
        std::span(request).subspan<kReportDataInTdReport, 64>();
    ASSIGN_OR_RETURN(Bytes answer, answerer.Answer(report_data));
    if (answer.empty()) {
      const std::int32_t error_number = -answerer.options().error_number;
      answer.resize(sizeof(error_number));
      memcpy(answer.data(), &error_number, sizeof(error_number));
    }
    RETURN_IF_ERROR(WriteAnswer(file.get(), answer, name));
  }
}

}  // namespace tdxvfs::simulator
