#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# How spawn-bpf turns a command and PATH into paths to try.
exec "$(dirname "$0")/../native/run" test_region
