# Sourced by test_cli.sh: a bundle is brought up to date with its images.

album() { run build --model model --images album --out living "$@"; }
# All images of the bundle `living`, in a line of JSON.
whole_album() { works search --model model --index living --json --exact --k 100 images/alone.bmp; }

unchanged_images() {
  cp -r images/noise album
  album
  check "the first build embeds all" says "25 images: 25 new; embedded 25 in "
  check "and counts its files" says " files, "
  local before
  before=$(sums living)
  touch album/*
  album
  check "what has not changed is kept" says "25 images: 25 kept; embedded 0 in "
  check "with its lists" says "kept 1 list (imbalance 1.00, and 1.00 when trained)"
  check "without a word" is_silent "$stderr"
  check "and gives the same bundle" unchanged living "$before"
  album --json
  check "also in JSON" json build 25 1 ""
  check "nothing is embedded" json fates kept=25
  check "no file is written that was there but index.json" json equals trained=False files_new=1
  album --json --nlist 1 --seed 7
  check "other lists embed nothing" json fates kept=25
  check "but train" json equals trained=True
  album --json --retrain --seed 1234
  check "--retrain learns a learned head anew, from all images" json fates added=25 embedded=25
  check "and tells it" complains "note: the existing bundle has a head that --retrain learns anew; embedding all images"
  check "and gives the same bundle" unchanged living "$before"
  album --json --fresh --head exact
  album --json --retrain
  check "--retrain with another head embeds nothing" json fates kept=25
  check "but trains" json equals trained=True head=exact
  album --json --fresh
  check "--fresh takes nothing" json fates added=25 embedded=25
  check "and gives the same bundle" unchanged living "$before"
}

# Of 25: one changed, one removed, one moved, one copied, one broken; and one more.
changed_images() {
  whole_album
  cp "$stdout" before.json
  cp images/waves/02.bmp album/07.bmp
  rm album/03.bmp
  mkdir album/folder
  mv album/11.bmp album/folder/11.bmp
  cp album/20.bmp album/0-copy.bmp
  cp images/stripes/05.bmp album/new.bmp
  echo "no picture" >album/13.bmp
  album --json
  check "an update counts" json build 25 1 13.bmp
  check "what became of the images" json fates kept=21 moved=2 added=1 changed=1 removed=2 embedded=2
  whole_album
  rm album/13.bmp
  check "an update has all images, with their contents" json paths album
  check "ids stay" json ids before.json
  works search --model model --index living --json --k 1 images/stripes/05.bmp
  check "a new image finds itself" json first new.bmp
  works search --model model --index living --json --k 1 --label folder images/noise/11.bmp
  check "a moved image has the label of its new folder" json first folder/11.bmp
  album
  check "text tells it, too" says "25 images: 25 kept; embedded 0 in "
  mv album/new.bmp album/newer.bmp
  album
  check "a moved image is not embedded" says "25 images: 24 kept, 1 moved; embedded 0 in "
  rm album/newer.bmp album/07.bmp album/0-copy.bmp
  album
  check "removed images are told" says "22 images: 22 kept, 3 removed; embedded 0 in "
  whole_album
  check "and gone" json paths album
  album --strict --json
  check "--strict works for what is kept" json fates kept=22
}

# notes WORDS ARGUMENT...: all is embedded anew, for the reason that the only line on stderr tells.
notes() {
  local words=$1
  shift
  album --json "$@"
  check "a base that $words does not serve" json fates added=8 embedded=8
  check "a note says that it $words" complains "note: the existing bundle $words"
  check "and what that means" complains "; embedding all images again"
  check "in one line" [ "$(wc -l <"$stderr")" -eq 1 ]
}

bases_that_do_not_serve() {
  rm -r album/[1-9]* album/folder
  notes "was built with a different head" --head svd:8
  notes "was built with a different head" --head exact
  notes "was built with a different storage" --head exact --storage f16
  album --json --storage f16
  check "without --head the bundle's stays" json equals head=exact dim=513
  check "and all that it made" json fates kept=8
  notes "was built with a different storage"
  python3 - <<'PYTHON'
import re
text = open("living/index.json").read()
open("living/index.json", "w").write(re.sub(r'"id":"[0-9a-f]{64}"', '"id":"' + "e" * 64 + '"', text))
PYTHON
  notes "was built with a different model"
  sed -i 's/"version":1/"version":0/' living/index.json
  notes "cannot be used ("
  local list
  list=$(find living -name 'lists-*' | head -n 1)
  printf 'X' | dd of="$list" bs=1 seek=100 conv=notrunc status=none
  notes "cannot be used ("
  rm "$(find living -name 'lists-*' | head -n 1)"
  notes "cannot be used ("
  album --json
  check "and the new one serves" json fates kept=8
  rm -rf living
}

# 80 images have one list or two.
lists_asked_for() {
  cp -r bundle living
  build --out living --json --nlist 50
  check "an nlist that comes to the same keeps the lists" json equals trained=False nlist=2
  build --out living --json --nlist 1
  check "another nlist trains anew" json equals trained=True nlist=1 embedded=0
  build --out living --json --seed 7
  check "another seed trains anew" json equals trained=True embedded=0
  build --out living --json --seed 7
  check "the same seed does not" json equals trained=False
  build --out living --json
  check "nor does no seed" json equals trained=False
  build --out living --json --seed 7
  check "which leaves the seed as it was" json equals trained=False
  build --out living --json --recall 1
  check "--recall 1 is reached" json equals trained=False recall=1.0
  count_lists() { find living -name 'lists-*' | wc -l; }
  build --out living --json --shard-bytes 1000000
  check "small lists share a file" [ "$(count_lists)" -eq 1 ]
  build --out living --json
  check "the size of files is carried on" json equals trained=False
  build --out living --json --shard-bytes 1
  check "--shard-bytes 1 embeds nothing" json equals embedded=0
  check "and gives each list its file" [ "$(count_lists)" -eq 2 ]
  rm -rf living
}

count_thumbs() { find living -name "thumb-$1-????????????????.jpg" | wc -l; }

thumbnails() {
  rm -rf album && mkdir album && cp images/noise/0[0-4].bmp album/
  cp album/00.bmp album/twin.bmp
  echo "no picture" >album/bad.bmp
  album --thumbs 32
  check "pictures with the same content share a thumbnail" [ "$(count_thumbs 32)" -eq 5 ]
  local name
  name=living/thumb-32-$(sha256sum album/00.bmp | head -c 16).jpg
  check "it is called by the content" [ "$(head -c 3 "$name" | od -An -tx1)" = " ff d8 ff" ]
  works info --json living
  check "info tells where they are" json equals "thumb_url=thumb-32-{content}.jpg"
  works info living
  check "also as text" says ", thumbnails at thumb-32-{content}.jpg"
  local before inode
  before=$(sums living) inode=$(stat -c %i "$name")
  rm living/thumb-32-"$(sha256sum album/01.bmp | head -c 16)".jpg
  album --thumbs 32 --json
  check "an update keeps images" json fates kept=6
  check "and thumbnails, and makes what is missing" unchanged living "$before"
  check "without writing them again" [ "$(stat -c %i "$name")" = "$inode" ]
  album --thumbs 32 --fresh
  check "making all anew gives the same files" unchanged living "$before"
  check "which are others" [ "$(stat -c %i "$name")" != "$inode" ]
  album --thumbs 16
  check "another size replaces them" [ "$(count_thumbs 16) $(count_thumbs 32)" = "5 0" ]
  album
  check "without --thumbs there are none" [ "$(count_thumbs 16)" -eq 0 ]
  rm -rf album living
}
