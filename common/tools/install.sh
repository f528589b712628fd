#!/bin/sh
# install.sh PACKAGE...: install Debian packages; as root at once, with a
# terminal after asking, otherwise through sudo where that asks no password.
set -eu
line="apt-get install -y --no-install-recommends $*"
say() { echo "$@" >&2; }
if ! command -v apt-get > /dev/null; then
    say "This book needs the following packages (named as in Debian): $*"
    say "Install them with your system's package manager, then run make again."
    exit 1
fi
say "Packages to install: $*"
if [ "$(id -u)" = 0 ]; then
    as=
elif [ -t 0 ] && [ -t 2 ] && command -v sudo > /dev/null; then
    printf 'Install them with sudo now? [Y/n] ' >&2
    read -r answer
    case $answer in
    [nN]*) say "Then run this, and make again:  sudo $line"; exit 1 ;;
    esac
    as=sudo
elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
    as="sudo -n"
else
    say "Run this as root, and make again:  $line"
    exit 1
fi
lock="-o DPkg::Lock::Timeout=300"
if $as apt-get -qq update &&
    $as env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq $lock install -y --no-install-recommends "$@" > /dev/null; then
    say "Installed."
else
    say "The installation failed. By hand it is:  $line"
    exit 1
fi
