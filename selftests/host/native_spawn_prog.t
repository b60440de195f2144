#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# The default policy's decisions, without a kernel.
exec "$(dirname "$0")/../native/run" test_spawn_prog
