# SPDX-License-Identifier: Apache-2.0
"""The test rig: builds a guest from Debian packages and drives it in QEMU."""
