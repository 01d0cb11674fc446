# Sourced by setup.sh: installs Debian packages of this machine's suite, and unpacks packages of other suites into the cache.

# install_packages NAME...: installs missing packages, as root or with sudo. If none is missing, it needs neither.
install_packages() {
  local missing=() p
  for p in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "install these packages as root: ${missing[*]}" >&2; return 1; }
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# debian_mirror: prints the mirror that apt is configured to use.
debian_mirror() {
  # shellcheck source=/dev/null
  . /etc/os-release
  # sed and not head, which would close the pipe early and make the function fail under pipefail
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
    "Codename: $VERSION_CODENAME" 'Component: main' | sed -n 1p
}

# apt_suite SUITE COMMAND...: runs apt-get for another Debian suite. Its state is in the cache, with an empty package status,
# so that it changes nothing on this machine.
apt_suite() {
  local suite=$1 dir=$CACHE/apt/$1 mirror
  shift
  mkdir -p "$dir"/{lists/partial,archives/partial}
  [ -e "$dir/status" ] || : >"$dir/status"
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || { echo "apt knows no Debian mirror; run 'apt-get update' first" >&2; return 1; }
  local key=/usr/share/keyrings/debian-archive-keyring.gpg
  printf '%s [signed-by='$key'] '"$mirror $suite"' main\n' deb deb-src >"$dir/sources.list"
  # A snapshot's Release file may have expired. The hashes of all downloads are checked later.
  apt-get -q -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o Dir::State="$dir" -o Dir::State::Lists="$dir/lists" -o Dir::State::Status="$dir/status" \
    -o Dir::Cache="$dir" -o Dir::Cache::Archives="$dir/archives" -o Debug::NoLocking=1 \
    -o APT::Sandbox::User="$(id -un)" -o APT::Install-Recommends=false -o Acquire::Languages=none \
    -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3 -o APT::Update::Post-Invoke-Success::=true "$@"
}

# apt_suite_update SUITE: downloads its package lists, at most once a day.
apt_suite_update() {
  local stamp=$CACHE/apt/$1/updated
  [ -n "$(find "$stamp" -mmin -1440 2>/dev/null)" ] && return 0
  apt_suite "$1" update
  touch "$stamp"
}

# unpack_suite_packages SUITE DEST NAME...: unpacks these packages into DEST, without their dependencies and without paths that
# match a pattern in the array LEFT_OUT. Packages that are downloaded already are not downloaded again.
unpack_suite_packages() {
  local suite=$1 dest=$2 archives=$CACHE/apt/$1/archives name deb pattern without=() count=0
  shift 2
  for pattern in ${LEFT_OUT+"${LEFT_OUT[@]}"}; do without+=(--exclude="$pattern"); done
  apt_suite_update "$suite"
  mkdir -p "$dest"
  (cd "$archives" && apt_suite "$suite" download "$@")
  for name in "$@"; do
    count=$((count + 1))
    echo "[$count/$#] unpacking $name"
    deb=("$archives/${name}"_*.deb)
    dpkg-deb --fsys-tarfile "${deb[0]}" | tar -x -C "$dest" --no-same-owner "${without[@]}"
  done
  for name in "$@"; do rm -f "$archives/${name}"_*.deb; done
}
