#!/usr/bin/env bash
# Lays an emulated ARM64 Python with LiteRT into a folder, from Debian's and PyPI's packages.
#   tests/arm64/sysroot.sh FOLDER PYTHON
# Needs apt-get and dpkg, but not root: nothing is installed on this machine.
set -euo pipefail
folder=$(realpath -m "$1")
pip="$2 -m pip --disable-pip-version-check --quiet"
work=$folder/download
sysroot=$folder/sysroot
rm -rf "$folder"
mkdir -p "$work" "$sysroot/site" "$sysroot/proc"

# debian ARCHITECTURE RELEASE TARGET PACKAGE...: unpacks packages of another Debian than this one.
debian() {
  local apt=$work/apt-$1 architecture=$1 release=$2 target=$3
  shift 3
  mkdir -p "$apt"/{lists/partial,cache/archives/partial}
  touch "$apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
    "http://deb.debian.org/debian $release main" > "$apt/sources.list"
  local options=(
    -qq -o APT::Sandbox::User= -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
    -o "Dir::State=$apt" -o "Dir::State::status=$apt/status" -o "Dir::State::lists=$apt/lists"
    -o "Dir::Cache=$apt/cache" -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=-
  )
  apt-get "${options[@]}" update
  (cd "$apt" && apt-get "${options[@]}" download "$@")
  for package in "$apt"/*.deb; do dpkg -x "$package" "$target"; done
}

debian arm64 bookworm "$sysroot" \
  libbz2-1.0 libc6 libcrypt1 libexpat1 libffi8 libgcc-s1 liblzma5 libpython3.11-minimal \
  libpython3.11-stdlib libssl3 libstdc++6 libuuid1 python3.11-minimal zlib1g
# Version 7 of bookworm computes LiteRT's integer kernels wrong: 8 dB are lost.
debian amd64 trixie "$work/qemu" qemu-user
mv "$work/qemu/usr/bin/qemu-aarch64" "$folder/"

litert=$($pip freeze | grep ^ai-edge-litert==)
$pip download --dest "$work/wheels" --only-binary=:all: --python-version 3.11 \
  --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 \
  --platform manylinux_2_27_aarch64 --platform manylinux_2_28_aarch64 "$litert"
for wheel in "$work"/wheels/*.whl; do "$2" -m zipfile -e "$wheel" "$sysroot/site"; done

# XNNPACK asks which cores there are; without an answer its first allocation fails.
cat > "$sysroot/proc/cpuinfo" << 'END'
processor	: 0
BogoMIPS	: 48.00
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x0
CPU part	: 0xd03
CPU revision	: 4
END
rm -rf "$work"
