#!/usr/bin/env bash
# stranger.sh [--again] [COMMAND...]: tries the project on a machine with a fresh Debian 12 and nothing else. It installs a
# small Debian into a folder, clones HEAD there, and runs each COMMAND in the clone, with an empty cache. Default:
# "scripts/demo.sh --no-serve" and then "scripts/test.sh". At the end it prints how long each command took.
#
# A server on 127.0.0.1 offers weights and pictures as they are published, made from the assets of scripts/assets.sh --where.
# Packages come from the sources of this machine's apt and npm, and from nowhere else: Debian's part of apt's configuration,
# npm's configuration, the proxies and the certificates are copied.
#
#   --again   uses the folder of the last run, with its cache and its builds, on the current HEAD
#
# Run it as root, because it mounts file systems and changes the root folder. Mounts and processes are in their own
# namespaces, so they end with this script, however it ends. The folder ($HEYBAGH_CACHE/stranger/root, about 5 GB) stays for
# inspection; the next run makes it again.
. "$(dirname "$0")/common.sh"
. "$ROOT/scripts/debian.sh"

again=
[ "${1:-}" != --again ] || { again=yes; shift; }
[ $# -gt 0 ] || set -- 'scripts/demo.sh --no-serve' scripts/test.sh
[ "$(id -u)" -eq 0 ] || die "run this as root: it mounts file systems and changes the root folder"

base=$CACHE/stranger
root=$base/root
published=$base/published
clone="/root/a folder/heybagh" # the space is on purpose: scripts that forget their quotes fail here
mkdir -p "$base"
exec 9>"$base/.lock"
flock --nonblock 9 || die "another run is using $base"

started=() # processes that end with this script
trap 'kill "${started[@]}" 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- the machine --------------------------------------------------------------------------------------------------

new_root() {
  local codename mirror
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || { echo "apt knows no Debian mirror; run 'apt-get update' first" >&2; return 1; }
  install_packages debootstrap
  rm -rf --one-file-system "$root"
  debootstrap --variant=minbase "$codename" "$root" "$mirror"
}

# Copies this machine's configuration of package sources, which the project does not contain.
copy_configuration() {
  local etc=$root/etc name
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' >"$etc/apt/sources.list"
  apt-config dump Acquire | grep -E '^Acquire::(http|https|Check-|Retries|ForceIPv)' >"$etc/apt/apt.conf.d/90machine" || true
  for name in auth.conf auth.conf.d; do
    [ ! -e "/etc/apt/$name" ] || cp -r "/etc/apt/$name" "$etc/apt/"
  done
  for name in resolv.conf hosts; do cp "/etc/$name" "$etc/$name"; done
  if [ -d /usr/local/share/ca-certificates ]; then # installing ca-certificates adds what is there
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
  fi
  if command -v npm >/dev/null; then
    cat "$(npm config get globalconfig)" "$(npm config get userconfig)" >"$root/root/.npmrc" 2>/dev/null || true
  fi
}

new_clone() {
  if [ -d "$root$clone/.git" ]; then # of an earlier run: what it built stays
    git -C "$root$clone" fetch "$ROOT" HEAD
    git -C "$root$clone" reset --hard FETCH_HEAD
    return
  fi
  mkdir -p "$root$(dirname "$clone")"
  git clone --no-hardlinks "$ROOT" "$root$clone"
  [ ! -e "$root$clone/../shared" ]
}

# inside COMMAND: runs it in the clone, with a minimal environment.
inside() {
  local environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin) name
  for name in TERM {http,https,no,all}_proxy {HTTP,HTTPS,NO,ALL}_PROXY; do
    [ -z "${!name:-}" ] || environment+=("$name=${!name}")
  done
  # The shell that mounts is the first process of the namespace. When it ends, the kernel ends the others. It ends with
  # unshare, which ends with this script, even if that is killed. It runs in the background so that "wait" reacts to signals.
  setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" sh -c '
    root=$0 && mount --rbind /dev "$root/dev" && mount --rbind /sys "$root/sys" || exit 1
    chroot "$root" /usr/bin/env -i "$@"
    exit $?' "$root" "${environment[@]}" "${sources[@]}" bash -c 'cd "$0" && eval "$1"' "$clone" "$1" <&0 &
  started+=($!)
  wait $!
}

# --- published files ---------------------------------------------------------------------------------

# publish ASSETS: makes the zip with the tar.gz in it, and copies weights and photographs.
publish() {
  local assets=$1 made_of
  made_of=$(cd "$assets" && find -L . -type f -printf '%p %s %T@\n' | sort | sha256sum)
  [ "$(cat "$published/.made-of" 2>/dev/null)" != "$made_of" ] || return 0
  rm -rf "$published"
  mkdir -p "$published/caltech-101" "$published/weights" "$published/photos"
  tar -C "$assets/caltech101" --dereference --mode=u+w -I 'gzip -1' \
    -cf "$published/caltech-101/101_ObjectCategories.tar.gz" 101_ObjectCategories
  (cd "$published" && python3 -m zipfile -c caltech-101.zip caltech-101)
  cp -L "$assets/resnet18/model.safetensors" "$published/weights/"
  cp -L "$assets"/photos/*.jpg "$published/photos/"
  echo "$made_of" >"$published/.made-of"
}

# serve: sets "address".
serve() {
  local log=$base/server.log port="" tries=0
  setpriv --pdeathsig KILL python3 -u -m http.server --bind 127.0.0.1 --directory "$published" 0 >"$log" 2>&1 &
  started+=($!)
  while [ -z "$port" ]; do
    tries=$((tries + 1))
    [ $tries -le 100 ] || die "the server for the pictures does not start: $(tail -n 1 "$log")"
    sleep 0.1
    port=$(sed -n 's/^Serving HTTP on .* port \([0-9]*\) .*/\1/p' "$log")
  done
  address=http://127.0.0.1:$port
}

# --- main ---------------------------------------------------------------------------------------------------------

[ -z "$(git -C "$ROOT" status --porcelain)" ] || say "note: the clone has HEAD, without uncommitted changes"
assets=$("$ROOT/scripts/assets.sh" --where)
step "weights and pictures as they are published" publish "$assets"
if [ -z "$again" ] || [ ! -d "$root/root" ]; then
  step "a new Debian in $root" new_root
fi
step "this machine's sources of packages" copy_configuration
step "a clone of $(git -C "$ROOT" log -1 --format='%h, %s')" new_clone
serve
sources=(
  "HEYBAGH_WEIGHTS_URL=$address/weights/model.safetensors"
  "HEYBAGH_WEIGHTS_SHA256=$(sha256sum <"$published/weights/model.safetensors" | cut -d' ' -f1)"
  "HEYBAGH_IMAGES_URL=$address/caltech-101.zip"
  "HEYBAGH_IMAGES_MD5=$(md5sum <"$published/caltech-101/101_ObjectCategories.tar.gz" | cut -d' ' -f1)"
  "HEYBAGH_PHOTOS_URL=$address/photos"
)

took=() status=0
for command; do
  say "$command ..."
  began=$SECONDS
  inside "$command" || status=$?
  took+=("$command: $((SECONDS - began)) s")
  [ $status -eq 0 ] || break
done
for line in "${took[@]}"; do say "$line"; done
[ $status -eq 0 ] || die "failed with $status: $command"
say "passed"
