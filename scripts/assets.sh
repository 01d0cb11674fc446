#!/usr/bin/env bash
# assets.sh [--where | --weights FOLDER]: downloads the weights and the photographs if they are missing, and prints
# "assets: FOLDER". --where only prints the folder, and fails if there is none; it downloads nothing. --weights prints which
# weights are in FOLDER: "published", "development" (a reconstruction for tests) or "other".
#
# The folder is $HEYBAGH_ASSETS, or ../shared/assets beside the checkout, or assets/ in $HEYBAGH_CACHE (default
# ~/.cache/heybagh), where the published files are downloaded to. It contains:
#   resnet18/model.safetensors                     ResNet-18, torchvision's names, 47 MB
#   caltech101/101_ObjectCategories/CLASS/*.jpg    Caltech-101, 9,144 photographs in 102 folders, 137 MB to download
#   photos/*.jpg                                   two camera-size photographs, for tests only
# An interrupted download is resumed, and only files with the right checksum are used.
#
# For mirrors, and for tests:
#   HEYBAGH_WEIGHTS_URL     a .safetensors or a .pth, in place of both published addresses
#   HEYBAGH_WEIGHTS_SHA256  its checksum; not needed for a name like resnet18-f37072fd.pth, which contains it
#   HEYBAGH_IMAGES_URL      caltech-101.zip or 101_ObjectCategories.tar.gz
#   HEYBAGH_IMAGES_MD5      its checksum, or that of the tar.gz in the zip
#   HEYBAGH_PHOTOS_URL      the folder of the two photographs
. "$(dirname "$0")/common.sh"

TIMM=https://huggingface.co/timm/resnet18.tv_in1k/resolve/main/model.safetensors
TIMM_SHA256=694f673df6520a3158624e8a89af086f59923ee4cd7436fe5bc3bc71d295ad81
TORCHVISION=https://download.pytorch.org/models/resnet18-f37072fd.pth
TORCHVISION_SHA256=f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec
DEVELOPMENT_SHA256=6c0aea8ea37f916fed7e07cdc4d1ab81471e43547db15d0f365e0e6c0b57f83a
CALTECH=https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip   # CaltechDATA 10.22002/D1.20086
# two camera-size photographs for the tests: Squoosh's demonstration pictures, Apache 2.0
PHOTOS=https://raw.githubusercontent.com/GoogleChromeLabs/squoosh/dev/src/shared/prerendered-app/Intro/imgs/demos
PHOTOS_SHA256='demo-artwork.jpg e88e88d8856a396789980cfd433f5b32194ee3bf00c8bf15ceff59ee60463bf3
demo-large-photo.jpg 9a6612975904ba0d1f0ee99f6522b442439e5b493ac656f2ef8836d94da6f181'
MADE_OF=resnet18/made-of # for converted weights: their checksum and that of the original file
CALTECH_MD5='3138e1922a9193bfa496528edbbc45d0 b224c7392d521a49829488ab0f1120d9'   # the zip, the tar.gz in it

# --- existing files ------------------------------------------------------------------------------------------------

sum_of() { "$1sum" <"$2" | cut -d' ' -f1; }

# weights_problem FOLDER, images_problem FOLDER: print what is wrong, or nothing.
weights_problem() {
  local file=resnet18/model.safetensors
  [ -f "$1/$file" ] || { echo "it has no $file"; return; }
  python3 "$ROOT/scripts/convert_weights.py" --check "$1/$file" 2>&1 || true
}
images_problem() {
  local images=caltech101/101_ObjectCategories folders photographs
  [ -d "$1/$images" ] || { echo "it has no $images"; return; }
  folders=$(find -L "$1/$images" -mindepth 1 -maxdepth 1 -type d | wc -l)
  photographs=$(find -L "$1/$images" -mindepth 2 -maxdepth 2 -type f -name '[!.]*.jpg' | wc -l)
  [ "$folders $photographs" = "102 9144" ] ||
    echo "$images has $photographs photographs in $folders folders, not 9144 in 102"
}
problem_of() {
  [ -d "$1" ] || { echo "there is no such folder"; return; }
  local problem
  problem=$(weights_problem "$1")
  [ -n "$problem" ] || problem=$(images_problem "$1")
  printf '%s' "$problem"
}

# existing: sets "folder" to a folder with all files; returns 1 if there is none.
existing() {
  local beside=$ROOT/../shared/assets problem
  folder=${HEYBAGH_ASSETS:-}
  if [ -n "$folder" ]; then
    problem=$(problem_of "$folder")
    [ -z "$problem" ] || die "HEYBAGH_ASSETS is $folder, but $problem"
  else
    folder=$beside
    problem=$(problem_of "$folder")
    if [ -n "$problem" ]; then
      [ ! -d "$folder" ] || say "$(cd "$folder" && pwd) is not used: $problem"
      folder=$CACHE/assets
      [ -z "$(problem_of "$folder")" ] || return 1
    fi
  fi
  folder=$(cd "$folder" && pwd)
}

# kind_of_weights FOLDER: recognises torchvision's file by the note that fetch_weights made when it converted it.
kind_of_weights() {
  local sha
  sha=$(sum_of sha256 "$1/resnet18/model.safetensors")
  case $sha in
  "$TIMM_SHA256") echo published ;;
  "$DEVELOPMENT_SHA256") echo development ;;
  *) grep -qsx "$sha is $TORCHVISION_SHA256, converted" "$1/$MADE_OF" && echo published || echo other ;;
  esac
}
say_weights() {
  case $(kind_of_weights "$1") in
  published) say "weights: torchvision's IMAGENET1K_V1, as published" ;;
  development) say "weights: the development file, a reconstruction for tests" ;;
  *) say "note: the weights are a complete ResNet-18, but neither the published nor the development one" ;;
  esac
}

# --- downloads ----------------------------------------------------------------------------------------------------
# These functions return 1 after a failure, and set "problem" to the reason.

size_of() { stat -c %s "$1" 2>/dev/null || echo 0; }

# transfer URL FILE: tries once to download the rest of FILE. Returns 0 if it is complete, 1 after a failure, 2 if the
# download must start from the beginning.
transfer() {
  local status=0 answer
  if command -v curl >/dev/null; then
    local look=--silent
    [ ! -t 2 ] || look=--progress-bar
    answer=$(curl --fail --location --continue-at - --output "$2" --connect-timeout 30 --speed-limit 1000 \
      --speed-time 60 "$look" --write-out '%{http_code} %{errormsg}' "$1") || status=$?
    problem="$1: ${answer#* }"
    case $status:$answer in
    0:* | 22:416*) return 0 ;; # 416: there is nothing left to send
    33:*) return 2 ;;          # the server cannot resume
    *) return 1 ;;
    esac
  fi
  command -v wget >/dev/null || { problem="neither curl nor wget is installed; scripts/setup.sh installs one"; return 1; }
  local look=--no-verbose
  [ ! -t 2 ] || look='--quiet --show-progress'
  # shellcheck disable=SC2086
  wget $look --continue --output-document="$2" --tries=1 --timeout=60 "$1" || status=$?
  problem="$1: wget's error $status"
  [ $status -eq 0 ]
}

# download URL FILE: resumes after interruptions as long as each try brings something.
download() {
  local part=$2.part before status restarted=
  mkdir -p "$(dirname "$2")"
  while :; do
    before=$(size_of "$part")
    if [ "$before" -gt 0 ]; then
      say "downloading $1, resuming after $((before / 1000)) kB"
    else
      say "downloading $1"
    fi
    status=0
    transfer "$1" "$part" || status=$?
    case $status in
    0) break ;;
    2)
      [ -z "$restarted" ] || { problem="$1: interrupted twice, and the server cannot resume"; return 1; }
      restarted=yes
      rm -f "$part"
      ;;
    *) [ "$(size_of "$part")" -gt "$before" ] || return 1 ;;
    esac
  done
  mv "$part" "$2"
}

# download_checked URL FILE CHECK...: keeps the file only if "CHECK... FILE" succeeds. If an earlier run left a file that
# does not pass, it is downloaded again, once.
download_checked() {
  local url=$1 file=$2 old
  shift 2
  while :; do
    old=$(($(size_of "$file") + $(size_of "$file.part")))
    [ -f "$file" ] || download "$url" "$file" || return 1
    "$@" "$file" && return
    rm -f "$file"
    [ "$old" -gt 0 ] || return 1
    say "$problem; downloading it again"
  done
}

# sha256_starts_with PREFIX FILE
sha256_starts_with() {
  local sha
  sha=$(sum_of sha256 "$2")
  problem="$(basename "$2") has the wrong checksum (sha256 $sha, expected $1)"
  [[ $sha == "$1"* ]]
}

# fetch_weights URL SHA256: SHA256 may be empty
fetch_weights() {
  local url=$1 sha=$2 name=${1%%[?#]*} dir=$folder/download target=$folder/resnet18/model.safetensors made
  name=${name##*/}
  [[ -n $sha || ! $name =~ -([0-9a-f]{8,64})\.pth$ ]] || sha=${BASH_REMATCH[1]}
  download_checked "$url" "$dir/$name" sha256_starts_with "$sha" || return 1
  made=$dir/$name
  sha=
  case $name in
  *.safetensors) ;;
  *)
    say "converting $name to safetensors"
    sha=$(sum_of sha256 "$made")
    made=$dir/converted
    problem=$(python3 "$ROOT/scripts/convert_weights.py" "$dir/$name" "$made" 2>&1 >/dev/null) ||
      { rm -f "$dir/$name"; return 1; }
    ;;
  esac
  problem=$(python3 "$ROOT/scripts/convert_weights.py" --check "$made" 2>&1) || { rm -f "$dir/$name"; return 1; }
  mkdir -p "$folder/resnet18"
  [ -z "$sha" ] || echo "$(sum_of sha256 "$made") is $sha, converted" >"$folder/$MADE_OF"
  mv "$made" "$target"
  rm -f "$dir/$name"
}

weights() {
  local first
  if [ -n "${HEYBAGH_WEIGHTS_URL:-}" ]; then
    fetch_weights "$HEYBAGH_WEIGHTS_URL" "${HEYBAGH_WEIGHTS_SHA256:-}" && return
    die "cannot get the weights: $problem"
  fi
  fetch_weights "$TIMM" "$TIMM_SHA256" && return
  first=$problem
  say "$problem; trying torchvision's file"
  fetch_weights "$TORCHVISION" "$TORCHVISION_SHA256" && return
  die "cannot get the weights ($first; $problem); run this again, or put them into a folder named by HEYBAGH_ASSETS"
}

# unpack_images FILE: unpacks into $folder/unpack. The md5 of FILE, or of the tar.gz in it, must be a known one.
unpack_images() {
  local archive=$1 tar=$1 dir=$folder/unpack md5s
  say "checking and unpacking $(basename "$archive")"
  rm -rf "$dir"
  mkdir -p "$dir"
  md5s=$(sum_of md5 "$archive")
  if [ "$(head -c 2 "$archive")" = PK ]; then
    problem="$(basename "$archive") is not a complete zip with 101_ObjectCategories.tar.gz in it"
    python3 -m zipfile -e "$archive" "$dir" 2>/dev/null || return 1
    tar=$(find "$dir" -name 101_ObjectCategories.tar.gz | sed -n 1p)
    [ -n "$tar" ] || return 1
    md5s+=" $(sum_of md5 "$tar")"
  fi
  problem="$(basename "$archive") has the wrong checksum (md5 $md5s, expected ${HEYBAGH_IMAGES_MD5:-$CALTECH_MD5})"
  grep -qwF "${md5s// /$'\n'}" <<<"${HEYBAGH_IMAGES_MD5:-$CALTECH_MD5}" || return 1
  problem="$(basename "$tar") cannot be unpacked"
  mkdir "$dir/caltech101"
  tar -C "$dir/caltech101" -xzf "$tar" --no-same-owner --exclude='._*' 2>/dev/null || return 1
  problem=$(images_problem "$dir")
  [ -z "$problem" ]
}

images() {
  local url=${HEYBAGH_IMAGES_URL:-$CALTECH} name
  name=${url%%[?#]*}
  download_checked "$url" "$folder/download/${name##*/}" unpack_images ||
    die "cannot get the photographs ($problem); run this again, or put them into a folder named by HEYBAGH_ASSETS"
  rm -rf "$folder/caltech101"
  mv "$folder/unpack/caltech101" "$folder/caltech101"
  rm -rf "$folder/unpack" "$folder/download/${name##*/}"
}

# Only tests need these, so a failure is only reported.
photos() {
  local url=${HEYBAGH_PHOTOS_URL:-$PHOTOS} name sha
  while read -r name sha; do
    [ -f "$folder/photos/$name" ] || download_checked "$url/$name" "$folder/photos/$name" sha256_starts_with "$sha" ||
      say "note: no $name, which some tests need ($problem)"
  done <<<"$PHOTOS_SHA256"
}

fill_cache() {
  mkdir -p "$folder"
  folder=$(cd "$folder" && pwd)
  exec 9>"$folder/.lock"
  flock 9 # wait for another run
  [ -z "$(weights_problem "$folder")" ] || weights
  [ -z "$(images_problem "$folder")" ] || images
  photos
  rmdir "$folder/download" 2>/dev/null || true
  problem=$(problem_of "$folder")
  [ -z "$problem" ] || die "$folder cannot be filled: $problem"
}

# --- main ---------------------------------------------------------------------------------------------------------

case ${1:-} in
--where)
  existing >&2 || die "there are no assets: run scripts/assets.sh to download them, or set HEYBAGH_ASSETS"
  printf '%s\n' "$folder"
  ;;
'')
  { existing || fill_cache; } >&2
  say_weights "$folder" >&2
  printf 'assets: %s\n' "$folder"
  ;;
--weights)
  [ -f "${2:-}/resnet18/model.safetensors" ] || die "there is no resnet18/model.safetensors in '${2:-}'"
  kind_of_weights "$2"
  ;;
*) die "usage: assets.sh [--where | --weights FOLDER]" ;;
esac
