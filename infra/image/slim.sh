#!/bin/sh
# slim.sh APP OUT: takes out of APP what only developers read; writes a node without its symbols to OUT/bin, and the
# library that it needs and a small base lacks to OUT/lib.
set -e
command -v strip >/dev/null || { apt-get update -qq && apt-get install -qq -y --no-install-recommends binutils >/dev/null; }
cd "$1"
rm -f millrace.tgz slim.sh
find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.md' \) -delete
rm -rf node_modules/@types
find node_modules -name '*.so' -exec strip --strip-unneeded {} +
node=$(readlink -f "$(command -v node)")
mkdir -p "$2/bin" "$2/lib"
strip -o "$2/bin/node" "$node"
cp -L /usr/lib/*-linux-gnu/libatomic.so.1 "$2/lib/"
