// SPDX-License-Identifier: Apache-2.0
#include "collateral/http_client.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <curl/curl.h>

namespace tdxvfs::collateral {
namespace {

constexpr std::array<std::string_view, 3> kLoopback = {"127.0.0.1", "[::1]",
                                                       "localhost"};

// One answer while it arrives.
struct Transfer {
  HttpAnswer answer;
  std::size_t header_size = 0;
  bool too_large = false;
  std::stop_token stop;
};

char LowerCase(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a')
                                        : letter;
}

size_t TakeBody(char* data, size_t size, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  if (transfer->answer.body.size() + bytes > kMaxBody) {
    transfer->too_large = true;
    return 0;
  }
  transfer->answer.body.append(data, bytes);
  return bytes;
}

size_t TakeHeader(char* data, size_t size, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  transfer->header_size += bytes;
  if (transfer->header_size > kMaxHeaders) {
    transfer->too_large = true;
    return 0;
  }
  std::string_view line(data, bytes);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n' ||
                           line.back() == ' ' || line.back() == '\t')) {
    line.remove_suffix(1);
  }
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    // A new answer: what came before was an interim one (100, 103).
    transfer->answer.headers.clear();
  } else if (colon != std::string_view::npos) {
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), LowerCase);
    line.remove_prefix(colon + 1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    transfer->answer.headers.insert_or_assign(std::move(name),
                                              std::string(line));
  }
  return bytes;
}

int Progress(void* user, curl_off_t /*down_total*/, curl_off_t /*down_now*/,
             curl_off_t /*up_total*/, curl_off_t /*up_now*/) {
  return static_cast<Transfer*>(user)->stop.stop_requested() ? 1 : 0;
}

struct SplitUrl {
  std::string_view scheme;
  std::string_view host;  // without port; IPv6 in brackets
};

SplitUrl Split(std::string_view url) {
  SplitUrl split;
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) {
    return split;
  }
  split.scheme = url.substr(0, colon);
  std::string_view rest = url.substr(colon + 3);
  rest = rest.substr(0, rest.find('/'));
  const std::size_t end =
      rest.starts_with('[') ? rest.find(']') + 1 : rest.find(':');
  split.host = rest.substr(0, end);
  return split;
}

bool IsLoopback(std::string_view host) {
  return std::ranges::find(kLoopback, host) != kLoopback.end();
}

}  // namespace

struct HttpClient::Handle {
  CURL* curl = nullptr;
  Handle() : curl(curl_easy_init()) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { curl_easy_cleanup(curl); }
};

HttpClient::HttpClient(std::unique_ptr<Handle> handle)
    : handle_(std::move(handle)) {}
HttpClient::HttpClient(HttpClient&& other) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&& other) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::Open(const Options& options) {
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto handle = std::make_unique<Handle>();
  CURL* const curl = handle->curl;
  if (global != CURLE_OK || curl == nullptr) {
    return Error(Reason::kInternal, "libcurl: no handle");
  }
  bool set = true;
  const auto apply = [&set, curl](CURLoption option, auto value) {
    set = curl_easy_setopt(curl, option, value) == CURLE_OK && set;
  };
  apply(CURLOPT_NOSIGNAL, 1L);
  apply(CURLOPT_PROTOCOLS_STR, "https,http");
  apply(CURLOPT_FOLLOWLOCATION, 0L);
  apply(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  apply(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  apply(CURLOPT_SSL_VERIFYPEER, 1L);
  apply(CURLOPT_SSL_VERIFYHOST, 2L);
  apply(CURLOPT_USERAGENT, "tdxvfs");
  apply(CURLOPT_CONNECTTIMEOUT_MS,
        static_cast<long>(options.connect_timeout.count()));
  apply(CURLOPT_NOPROGRESS, 0L);
  apply(CURLOPT_XFERINFOFUNCTION, &Progress);
  apply(CURLOPT_WRITEFUNCTION, &TakeBody);
  apply(CURLOPT_HEADERFUNCTION, &TakeHeader);
  if (!options.ca_file.empty()) {
    apply(CURLOPT_CAINFO, options.ca_file.c_str());
    // A private authority stands alone, not beside all public ones.
    apply(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  // libcurl keeps the authorities for a day: a new file of them counts at once.
  apply(CURLOPT_CA_CACHE_TIMEOUT, 0L);
  if (!set) {
    return Error(Reason::kInternal, "libcurl: an option is not known");
  }
  return HttpClient(std::move(handle));
}

Result<HttpAnswer> HttpClient::Get(const std::string& url,
                                   std::chrono::milliseconds timeout,
                                   const std::stop_token& stop) {
  CURL* const curl = handle_->curl;
  Transfer transfer{{}, 0, false, stop};
  std::array<char, CURL_ERROR_SIZE> words{};
  // Proxies that the environment names are for other machines.
  const char* const direct = IsLoopback(Split(url).host) ? "*" : nullptr;
  if (curl_easy_setopt(curl, CURLOPT_URL, url.c_str()) != CURLE_OK ||
      curl_easy_setopt(curl, CURLOPT_NOPROXY, direct) != CURLE_OK ||
      curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                       static_cast<long>(std::max<std::int64_t>(
                           timeout.count(), 1))) != CURLE_OK ||
      curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer) != CURLE_OK ||
      curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer) != CURLE_OK ||
      curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer) != CURLE_OK ||
      curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words.data()) != CURLE_OK) {
    return Error(Reason::kInternal, "libcurl: an option is not known");
  }
  const CURLcode code = curl_easy_perform(curl);
  (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
  if (code == CURLE_OK) {
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE,
                            &transfer.answer.status);
    return std::move(transfer.answer);
  }
  if (transfer.too_large) {
    return Error(Reason::kCollateralInvalid, url + ": the answer is too large");
  }
  if (stop.stop_requested()) {
    return Error(Reason::kStopped, url + ": given up");
  }
  return Error(
      Reason::kCollateralUnreachable,
      url + ": " +
          (words.front() != '\0' ? words.data() : curl_easy_strerror(code)));
}

Result<void> CheckServiceUrl(const std::string& url) {
  const SplitUrl split = Split(url);
  const bool plain = std::ranges::all_of(url, [](char letter) {
    return letter > 0x20 && letter < 0x7f && letter != '?' && letter != '#' &&
           letter != '@' && letter != '\\';
  });
  if (!plain || split.host.empty() ||
      (split.scheme != "https" && split.scheme != "http")) {
    return Error(Reason::kUsage, "'" + url + "': must be https://HOST[:PORT]/");
  }
  if (split.scheme == "http" && !IsLoopback(split.host)) {
    return Error(Reason::kUsage, "'" + url +
                                     "': plain http is for this machine alone; "
                                     "write https://");
  }
  return {};
}

}  // namespace tdxvfs::collateral
