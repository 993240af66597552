// SPDX-License-Identifier: Apache-2.0
#include "keyserver/tls_wire.h"

#include <algorithm>
#include <span>
#include <utility>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpcpp/security/auth_metadata_processor.h>

namespace tdxvfs::keyserver {
namespace {

constexpr std::string_view kPathKey = ":path";

std::string_view TextOf(const grpc_slice& slice) {
  return {reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)),
          GRPC_SLICE_LENGTH(slice)};
}

std::string_view PathOf(const grpc_metadata* metadata, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (TextOf(metadata[i].key) == kPathKey) {
      return TextOf(metadata[i].value);
    }
  }
  return {};
}

std::string LeafOf(const grpc_auth_context* context) {
  grpc_auth_property_iterator properties =
      grpc_auth_context_find_properties_by_name(
          context, GRPC_X509_PEM_CERT_PROPERTY_NAME);
  const grpc_auth_property* const leaf =
      grpc_auth_property_iterator_next(&properties);
  return leaf == nullptr ? "" : std::string(leaf->value, leaf->value_length);
}

// gRPC's C++ credentials are made once and for all; its C interface asks a
// callback at each handshake whether there is something newer. (The file
// watcher of the C++ interface polls, takes a key that does not belong to its
// certificate, and cannot hold a key that is not a file.)
class FollowingCredentials final : public grpc::ServerCredentials {
 public:
  FollowingCredentials(std::shared_ptr<const ServedIdentity> identity,
                       Gate gate)
      : identity_(std::move(identity)), gate_(std::move(gate)) {
    grpc_ssl_server_credentials_options* const options =
        grpc_ssl_server_credentials_create_options_using_config_fetcher(
            gate_ ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                  : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
            &Fetch, this);
    credentials_ = grpc_ssl_server_credentials_create_with_options(options);
    if (gate_) {
      grpc_server_credentials_set_auth_metadata_processor(
          credentials_, {&Process, [](void* /*state*/) {}, this});
    }
  }
  FollowingCredentials(const FollowingCredentials&) = delete;
  FollowingCredentials& operator=(const FollowingCredentials&) = delete;
  ~FollowingCredentials() override {
    grpc_server_credentials_release(credentials_);
  }

  // The gate is given when they are made.
  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/)
      override {}

 private:
  int AddPortToServer(const std::string& address,
                      grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  static grpc_ssl_certificate_config_reload_status Fetch(
      void* state, grpc_ssl_server_certificate_config** config) {
    auto* const self = static_cast<FollowingCredentials*>(state);
    const std::lock_guard lock(self->mutex_);
    const bool is_new = self->identity_->UseNewer(
        &self->seen_, [config](const char* certificate_pem, const char* key_pem,
                               const char* client_ca_pem) {
          const grpc_ssl_pem_key_cert_pair pair{key_pem, certificate_pem};
          // gRPC 1.51 ends the program when there are no roots, also where it
          // asks for no client certificate and uses none.
          *config = grpc_ssl_server_certificate_config_create(
              *client_ca_pem == '\0' ? certificate_pem : client_ca_pem, &pair,
              1);
        });
    return is_new ? GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW
                  : GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  }

  static void Process(void* state, grpc_auth_context* context,
                      const grpc_metadata* metadata, std::size_t count,
                      grpc_process_auth_metadata_done_cb done, void* data) {
    const auto* const self = static_cast<FollowingCredentials*>(state);
    const auto passed = self->gate_(PathOf(metadata, count), LeafOf(context));
    if (passed.has_value()) {
      done(data, nullptr, 0, nullptr, 0, GRPC_STATUS_OK, nullptr);
    } else {
      done(data, nullptr, 0, nullptr, 0, GRPC_STATUS_PERMISSION_DENIED,
           passed.error().ToString().c_str());
    }
  }

  const std::shared_ptr<const ServedIdentity> identity_;
  const Gate gate_;
  grpc_server_credentials* credentials_ = nullptr;
  std::mutex mutex_;
  std::uint64_t seen_ = 0;
};

}  // namespace

Result<ServedIdentity::Shown> ServedIdentity::Prepare(
    const TlsIdentity& identity, std::string client_ca_pem) {
  const auto key = identity.key_pem.Reveal();
  ASSIGN_OR_RETURN(
      Secret with_nul,
      Secret::Filled(key.size() + 1,
                     [key](std::span<std::uint8_t> bytes) -> Result<void> {
                       std::ranges::copy(key, bytes.begin());
                       bytes.back() = 0;
                       return {};
                     }));
  return Shown{identity.certificate_pem, std::move(with_nul),
               std::move(client_ca_pem)};
}

void ServedIdentity::Replace(Shown shown) {
  const std::lock_guard lock(mutex_);
  shown_ = std::move(shown);
  ++number_;
}

bool ServedIdentity::UseNewer(std::uint64_t* seen, const Use& use) const {
  const std::lock_guard lock(mutex_);
  if (*seen == number_) {
    return false;
  }
  *seen = number_;
  use(shown_.certificate_pem.c_str(),
      reinterpret_cast<const char*>(shown_.key_pem.Reveal().data()),
      shown_.client_ca_pem.c_str());
  return true;
}

std::shared_ptr<grpc::ServerCredentials> TlsCredentials(
    std::shared_ptr<const ServedIdentity> identity, Gate gate) {
  return std::make_shared<FollowingCredentials>(std::move(identity),
                                                std::move(gate));
}

}  // namespace tdxvfs::keyserver
