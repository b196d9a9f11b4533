#!/bin/sh
# SPDX-License-Identifier: ISC
#
# packages.sh PACKAGE...: sees to it that these Debian packages are installed.
# Exits 1, having said what is missing, where it cannot do that: without root,
# or on a system without apt-get (where it looks for the programs and libraries
# themselves, whatever the packages there are called).
set -u

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# What stands for a Debian package on another system: a program or a library.
present() {
	case $1 in
	libc6-dev | libcap2-bin | lib*[0-9]) ;;
	gcc) command -v cc ;;
	ninja-build) command -v ninja ;;
	pkg-config) command -v pkg-config || command -v pkgconf ;;
	iproute2) command -v ip ;;
	check) pkg-config --exists check ;;
	libbsd-dev) pkg-config --exists libbsd-overlay ;;
	libjansson-dev) pkg-config --exists jansson ;;
	nettle-dev) pkg-config --exists nettle ;;
	lib*-dev) name=${1#lib} && name=${name%-dev} &&
		pkg-config --exists "lib$name" ;;
	*) command -v "$1" ;;
	esac >/dev/null 2>&1
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
	test=installed
else
	test=present
fi

missing=
for package; do
	$test "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ $test = present ]; then
	echo "Missing, under the names that Debian gives them:$missing" >&2
	echo "Install them with this system's package manager." >&2
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	echo "Missing packages. Please run: sudo apt-get install$missing" >&2
	exit 1
fi

echo "Installing$missing"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
install() {
	# shellcheck disable=SC2086	# a list of words
	apt-get install -y --no-install-recommends $missing
}
# The package lists may be old or not there at all.
if ! install >"$log" 2>&1 </dev/null &&
	! { apt-get update && install; } >"$log" 2>&1 </dev/null; then
	tail -n 15 "$log" >&2
	echo "Could not install$missing" >&2
	exit 1
fi
