// SPDX-License-Identifier: Apache-2.0
#include "keyserver/run_key_server.h"

int main(int argc, char** argv) {
  return tdxvfs::keyserver::RunKeyServer(argc, argv);
}
