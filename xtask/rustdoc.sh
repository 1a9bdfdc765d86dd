#!/bin/sh
# Stands in for rustdoc in `cargo xtask public-api`: documentation as JSON is an unstable option, which the stable toolchain
# accepts with RUSTC_BOOTSTRAP. In cargo's own environment, build scripts would see it and most dependencies would be rebuilt.
RUSTC_BOOTSTRAP=1 exec rustdoc "$@"
