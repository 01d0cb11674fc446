# Sourced by test_cli.sh: which files of a folder become images, and what is told of the others.

# Five JPEGs in jpegs/: the thumbnails of a bundle.
make_jpegs() {
  run build --model model --images images/noise --out with-thumbs --thumbs 40
  mkdir -p jpegs
  local thumb number=1
  for thumb in with-thumbs/thumb-40-*.jpg; do
    [ $number -gt 5 ] || cp "$thumb" jpegs/$number.jpg
    number=$((number + 1))
  done
  rm -rf with-thumbs
  check "there are JPEGs" [ -s jpegs/5.jpg ]
}

collect() { run build --model model --images folder --out found "$@"; }
renew() { rm -rf folder found found.*; mkdir folder; cp jpegs/1.jpg folder/; }
# counts N: the bundle has N images.
counts() { says "$1 images: " || says "$1 image: "; }
notes_are() { [ "$(grep -c '^note: ' "$stderr")" -eq "$1" ]; }

first_bytes_decide() {
  renew
  cp jpegs/1.jpg folder/a.jfif && cp jpegs/2.jpg folder/b.JPE && cp jpegs/3.jpg folder/IMG_0004.JPG
  cp jpegs/4.jpg folder/without-ending && cp jpegs/5.jpg folder/notes.txt && cp images/alone.bmp folder/c.webp
  cp images/noise/01.bmp folder/d.HEIC && cp images/noise/02.bmp folder/e.dib
  collect
  check "what is a picture is indexed, whatever it is called" counts 9
  check "and nothing was skipped" not_complains skipped
  collect --strict
  check "also with --strict" exit_is 0
}

# For a regular expression.
quoted() { printf '%s' "$1" | sed 's/[].[*^$()+?{|\\]/\\&/g'; }
not_complains() { ! complains "$1"; }

# Files that are what they say, and no pictures that can be decoded.
make_others() {
  python3 - <<'PYTHON'
def put(name, content):
    with open("folder/" + name, "wb") as file:
        file.write(content)
def box(brand):
    return b"\0\0\0\x1cftyp" + brand + bytes(100)
for i in range(12):
    put(f"{i}.webp", b"RIFF\x24\0\0\0WEBPVP8 " + bytes(30))
put("a.HEIC", box(b"heic")); put("b.heic", box(b"mif1")); put("c.HEIF", box(b"hevc"))
put("a.avif", box(b"avif"))
put("a.jxl", b"\xff\x0a" + bytes(9)); put("b.jxl", b"\0\0\0\x0cJXL \r\n\x87\n")
put("a.jp2", b"\0\0\0\x0cjP  \r\n\x87\n")
put("a.tif", b"II*\0" + bytes(9)); put("b.tiff", b"MM\0*" + bytes(9))
put("a.CR2", b"II*\0" + bytes(9)); put("a.nef", b"MM\0*" + bytes(9)); put("a.raf", b"FUJIFILMCCD-RAW 0201")
put("a.cr3", box(b"crx "))
put("a.svg", b"<?xml version='1.0'?>\n<!-- drawn -->\n<svg xmlns='http://www.w3.org/2000/svg'/>")
put("a.psd", b"8BPS\0\1"); put("a.ico", b"\0\0\1\0\1\0"); put("a.exr", b"v/1\1\2\0\0\0")
put("a.mp4", box(b"isom")); put("a.mov", box(b"qt  ")); put("a.avi", b"RIFF\0\0\0\0AVI LIST")
put("index.html", b"\xef\xbb\xbf\n  <!DOCTYPE HTML><html>"); put("b.htm", b"<!-- saved -->\n<HTML>")
put("empty", b""); put("Icon\r", b"")
put("pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:")
put("a.md", b"# Photos"); put("a.json", b"{}"); put("a.xmp", b"<x:xmpmeta/>"); put("a.pdf", b"%PDF-1.4")
put("bmw.txt", b"BMW and other cars of the year, with all of their colours"); put("p.txt", b"P5 and P6 are sizes of paper")
put("gif.txt", b"GIF89 was a standard"); put("p3.txt", b"P3"); put("bm.txt", b"BM")
PYTHON
}

others_are_counted_by_kind() {
  renew
  make_others
  collect
  check "a picture among others is indexed" counts 1
  check "all others are counted by their kinds" complains "note: skipped 12 WebP, 3 HEIC, 1 AVIF, 2 JPEG XL, \
1 JPEG 2000, 2 TIFF, 4 camera raw, 1 SVG, 1 Photoshop, 1 icon, 1 image of another format, 3 videos, 2 web pages, \
1 Git LFS pointer, 2 empty files, 9 files that are not images"
  check "in one note" notes_are 1
  collect --strict --json
  check "--strict is for pictures that should be read" exit_is 0
  check "JSON counts them, too" python3 -c '
import json, sys
counts = {item["what"]: item["count"] for item in json.loads(sys.stdin.read())["left_out"]}
sys.exit(counts["WebP"] != 12 or counts["icons"] != 1 or counts["files that are not images"] != 9 or len(counts) != 16)' \
    <"$stdout"
  rm folder/1.jpg && find folder -type f ! -iname '*.hei[cf]' -delete
  collect
  check "a folder of HEIC only has nothing to index" exit_is 1
  check "which is told with the kinds" complains "note: skipped 3 HEIC"
  check "and what can be done" complains "'folder' holds no pictures that can be read (JPEG, PNG, GIF, BMP or PNM); \
convert those that are there"
}

# A file that is called a picture is told by its name.
files_called_pictures() {
  renew
  : >folder/empty.jpg
  printf '<!DOCTYPE html><title>404' >folder/page.jpg
  printf '\xef\xbb\xbf \n<?xml version="1.0"?><!-- x --><html lang=en>' >folder/xhtml.png
  printf 'version https://git-lfs.github.com/spec/v1\n' >folder/pointer.gif
  printf 'RIFF\x24\0\0\0WEBPVP8 ' >folder/webp.jpeg
  echo 'nothing at all' >folder/words.bmp
  collect --json
  check "files that are called pictures are named" json build 1 1 "empty.jpg page.jpg pointer.gif webp.jpeg words.bmp xhtml.png"
  check "one that is empty" complains "  empty.jpg: the file is empty; copy or download it again"
  check "a web page" complains "  page.jpg: this is a web page, not a picture; download the picture itself"
  check "one in XHTML" complains "  xhtml.png: this is a web page, not a picture"
  check "a pointer of Git LFS" complains "  pointer.gif: this is a Git LFS pointer, not the picture; run 'git lfs pull'"
  check "a picture of another format" complains "  webp.jpeg: this is a WebP picture, which cannot be read"
  collect --strict
  check "--strict refuses them" exit_is 1
  run search --model model --index found folder/empty.jpg folder/page.jpg
  check "search says that a file is empty" complains "folder/empty.jpg: the file is empty; copy or download it again"
  check "and that one is a web page" complains "folder/page.jpg: this is a web page, not a picture"
  fails 1 "folder/empty.jpg: the file is empty" embed --model model folder/empty.jpg
  rm folder/*.*
  for number in 1 2 3 4 5; do cp jpegs/$number.jpg images/noise/0$number.bmp folder/; done
  : >folder/empty.jpg
  run model --weights model --out calibrated --precision i8 --levels 255 --calibrate folder
  check "a calibration names it" complains "skipped 'empty.jpg': the file is empty"
  rm -f calibrated
}

# Folders and files, each with the name that the note has for it.
skipped_folders=(@eaDir @eaDir @__thumb @__thumb .@__thumb .@__thumb .thumbnails .thumbnails .xvpics .xvpics
  .picasaoriginals .picasaoriginals __MACOSX __MACOSX lost+found lost+found node_modules node_modules '#recycle' '#recycle'
  @Recycle @Recycle '$recycle.bin' '$RECYCLE.BIN' 'System Volume Information' 'System Volume Information'
  CaptureOne CaptureOne 'Lightroom Catalog Previews.lrdata' '*.lrdata' .Trash-1000 'hidden (.*)'
  photo.download 'unfinished (*.download)' FOUND.000 'FOUND.[0-9]*' LOST.DIR LOST.DIR Recycled RECYCLED
  'iPod Photo Cache' 'iPod Photo Cache' THMBNL THMBNL 'Network Trash Folder' 'Network Trash Folder'
  'Temporary Items' 'Temporary Items' @tmp @tmp @sharebin @sharebin '~snapshot' '~snapshot')
skipped_files=(THUMBS.DB Thumbs.db ._IMG_0001.JPG 'AppleDouble (._*)' MVI_0001.THM '*.thm'
  photo.jpg~ 'backup (*~)' IMG_0001.jpg_original 'backup (*_original)' photo.jpg.orig 'backup (*.orig)'
  photo.sync-conflict-20240101-120000-ABCDEFG.jpg 'sync conflict (*.sync-conflict-*)'
  "photo (Ann's conflicted copy 2024-01-01).jpg" 'sync conflict (*conflicted copy*)'
  'photo [Conflict].jpg' 'sync conflict (*[conflict]*)' photo_conflict-20240101-120000.jpg 'sync conflict (*_conflict-*)'
  photo.jpg@SynoResource '*@SynoResource' photo.jpg.!qB 'unfinished (*.!qb)'
  photo.jpg.crdownload 'unfinished (*.crdownload)' photo.jpg.part 'unfinished (*.part)' .photo.jpg 'hidden (.*)')

caches_are_skipped() {
  local i include=() count=1
  renew
  for ((i = 0; i < ${#skipped_folders[@]}; i += 2)); do
    mkdir -p "folder/trip/${skipped_folders[i]}/deep" && cp jpegs/2.jpg "folder/trip/${skipped_folders[i]}/deep/"
    include+=(--include "${skipped_folders[i]}") count=$((count + 1))
  done
  for ((i = 0; i < ${#skipped_files[@]}; i += 2)); do
    cp jpegs/2.jpg "folder/trip/${skipped_files[i]}"
    include+=(--include "${skipped_files[i]}") count=$((count + 1))
  done
  collect
  check "what other programs leave is skipped" counts 1
  check "which a note says" complains "note: skipped by default: "
  check "with what to do" complains " (use --include NAME to index them)"
  for ((i = 1; i < ${#skipped_folders[@]}; i += 2)); do
    check "folders called ${skipped_folders[i]} are told" grep -qE "[12] $(quoted "${skipped_folders[i]}")(,| \\(use)" "$stderr"
  done
  for ((i = 1; i < ${#skipped_files[@]}; i += 2)); do
    check "files called ${skipped_files[i]} are told" grep -qE "[12] $(quoted "${skipped_files[i]}")(,| \\(use)" "$stderr"
  done
  collect "${include[@]}"
  check "--include takes each of them in" counts $count
  check "and nothing is skipped any more" not_complains skipped

  renew
  mkdir -p folder/@eaDir/a.jpg folder/b/@EADIR folder/.cache && cp jpegs/2.jpg folder/@eaDir/a.jpg/SYNOFILE_THUMB_M.jpg
  cp jpegs/3.jpg folder/b/@EADIR/ && cp jpegs/4.jpg folder/.cache/ && touch folder/.DS_Store folder/Thumbs.db
  collect
  check "several are counted in one note" \
    complains "note: skipped by default: 2 @eaDir, 1 Thumbs.db, 2 hidden (.*) (use --include NAME to index them)"
  collect --include '.*' --include '@*'
  check "--include takes patterns" counts 4
  collect --include '.*' --exclude .cache
  check "--exclude comes first" counts 1
  run build --model model --images folder/@eaDir --out found --fresh
  check "a folder that is asked for is no cache" counts 1
}

photo_libraries() {
  renew
  local library="folder/Photos Library.photoslibrary"
  mkdir -p "$library"/{originals/A,resources/derivatives,database,Masters}
  cp jpegs/2.jpg "$library/originals/A/" && cp jpegs/3.jpg "$library/Masters/"
  cp jpegs/4.jpg "$library/resources/derivatives/" && cp jpegs/5.jpg "$library/database/"
  collect
  check "a photo library's originals are indexed" counts 3
  check "and its previews are not" complains "2 parts of a photo library that are not its originals"
  run build --model model --images "$library" --out found --fresh
  check "also if it is what is indexed" counts 2
  collect --include resources
  check "but can be taken in" counts 4
  mkdir -p "folder/iPhoto Library/Originals" "folder/iPhoto Library/Data" && cp jpegs/5.jpg "folder/iPhoto Library/Originals/"
  cp jpegs/4.jpg "folder/iPhoto Library/Data/"
  collect
  check "an old library has no ending" counts 4
}

own_output() {
  renew
  cp jpegs/2.jpg jpegs/3.jpg folder/
  local turn
  for turn in 1 2 3; do
    run build --model model --images folder --out folder/bundle --thumbs 32
    check "a bundle in its own folder of images is no input, turn $turn" counts 3
  done
  check "which is told" complains "note: skipped 1 folder that HeyBagh made"
  run build --model model --images folder --out folder/other --thumbs 32
  check "nor is another bundle" counts 3
  check "also told" complains "note: skipped 1 folder that HeyBagh made"
  run build --model model --images folder --out folder/other --thumbs 32
  check "nor both" counts 3
  check "both told" complains "note: skipped 2 folders that HeyBagh made"
  echo 'no picture' >folder/bad.jpg
  run build --model model --images folder --out folder/bundle --fresh --strict
  check "a build that failed left what it embedded" [ -e folder/bundle.embedded ]
  rm folder/bad.jpg
  run build --model model --images folder --out folder/bundle --thumbs 32 --head exact
  check "which the next one does not count among the files" not_complains "not an image"
  mv folder/other/index.json folder/other/index.tmp && mv folder/other folder/killed.partial
  ln -s bundle folder/link
  collect
  check "nor what a killed build left, nor a link to a bundle" counts 3
  rm -rf folder/killed.partial folder/link
  mkdir -p folder/site/images && cp -r folder/bundle folder/site/ && cp jpegs/4.jpg folder/site/images/
  touch folder/site/heybagh.js
  collect
  check "nor a site with its copies of the pictures" counts 3
  ln -s folder/bundle out
  run build --model model --images folder --out out
  check "nor a bundle that is reached by a link" counts 3
  check "which is built" [ -e folder/bundle/index.json ]
  rm out
  run build --model model --images folder/bundle --out folder/bundle
  check "a bundle is not its own input" exit_is 1
  check "which is told in a sentence" complains "--images and --out are the same folder; choose another --out"
  echo '{"name": "somebody else"}' >folder/bundle/index.json
  collect --exclude site
  check "a folder with another index.json is a folder" [ "$(grep -c 'HeyBagh made' "$stderr")" -eq 0 ]
}

# Runs the builder as somebody whom permissions keep out: root loses the right to pass them by.
run_kept_out() {
  local kept_out=()
  [ "$(id -u)" -ne 0 ] || kept_out=(setpriv --bounding-set '-dac_override,-dac_read_search' --inh-caps '-dac_override,-dac_read_search')
  code=0
  "${kept_out[@]}" "$builder" "$@" >"$stdout" 2>"$stderr" </dev/null || code=$?
}

unreadable_folders() {
  renew
  mkdir -p folder/private folder/open && cp jpegs/2.jpg folder/private/ && cp jpegs/3.jpg folder/open/
  cp jpegs/4.jpg folder/closed.jpg && cp jpegs/5.jpg folder/closed-too
  chmod 000 folder/private folder/closed.jpg folder/closed-too
  run_kept_out build --model model --images folder --out found
  check "a folder that may not be read is skipped" counts 2
  check "and named" complains "  private: Permission denied"
  check "as is a file" complains "  closed.jpg: cannot open 'folder/closed.jpg': Permission denied"
  check "and one that might be a picture" complains "  closed-too: Permission denied"
  check "they are counted" complains "2 files or folders could not be read:"
  run_kept_out build --model model --images folder --out found --json
  check "JSON names them" json build 2 1 "closed-too closed.jpg private"
  run_kept_out build --model model --images folder --out found --strict
  check "--strict fails" exit_is 1
  check "and says so" complains "nothing was written, because --strict"
  run_kept_out build --model model --images folder --out found --strict --exclude private --exclude closed.jpg \
    --exclude closed-too
  check "but not for what is excluded" exit_is 0
  run_kept_out build --model model --images folder/private --out found
  check "the folder itself must be readable" exit_is 1
  check "which is told" complains "index-builder: cannot read 'folder/private': Permission denied"
  chmod 700 folder/private
  chmod 600 folder/closed*
}

# A chain of folders whose path is longer than the system takes.
long_paths() {
  renew
  python3 - <<'PYTHON'
import os, shutil
here = os.getcwd()
os.chdir("folder")
for depth in range(22):
    shutil.copy(here + "/jpegs/2.jpg", f"{depth}.jpg")
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
PYTHON
  collect
  check "a path that is too long does not end the build" exit_is 0
  check "it is named" grep -q 'd: the path is too long; move it further up$' "$stderr"
  check "and the others are indexed" [ "$(sed -n 's/ images: .*//p' "$stdout")" -ge 19 ]
  collect --strict
  check "--strict fails" exit_is 1
  python3 -c 'import shutil; shutil.rmtree("folder")'
}

links_and_loops() {
  renew
  mkdir -p folder/a/b folder/elsewhere && cp jpegs/2.jpg folder/a/b/
  ln -s .. folder/a/b/up
  ln -s self folder/self
  ln -s nowhere folder/dangling.jpg
  ln -s ../1.jpg folder/a/same.jpg
  mkfifo folder/pipe.jpg
  collect
  check "a loop does not end the build" counts 3
  check "it is named" complains "  a/b/up: it links back to a folder above it"
  check "as is a link to itself" complains "  self: the link leads in a circle"
  check "and one to nothing" complains "  dangling.jpg: the link leads nowhere"
  check "a pipe is not waited for" complains "note: skipped 1 pipe, socket or device"
  check "a link to a file is a copy" complains "note: 1 image is a copy of another, byte by byte"
  collect --json
  check "JSON names them" json build 3 1 "a/b/up dangling.jpg self"
  collect --strict
  check "--strict fails" exit_is 1

  renew
  mkdir folder/a && cp jpegs/2.jpg jpegs/3.jpg folder/a/
  ln -s a folder/b
  collect
  check "a link to a folder is followed" counts 5
  check "and told" complains "note: 2 of 5 images come through links to folders"
  check "as are the copies" complains "note: 2 images are copies of others, byte by byte"
  collect --json --strict
  check "also in JSON" json equals copies=2 linked=2
  check "--strict has nothing against it" exit_is 0

  # Twelve folders that link to each other have 12! paths.
  renew
  python3 - <<'PYTHON'
import os
names = [f"{i:02}" for i in range(12)]
for name in names:
    os.mkdir("folder/" + name)
    os.link("jpegs/2.jpg", f"folder/{name}/x.jpg")
for name in names:
    for other in names:
        if other != name:
            os.symlink(f"../{other}", f"folder/{name}/{other}")
PYTHON
  collect
  check "folders that all link to each other come to an end" exit_is 0
  check "and are told" complains "links to folders that are there already"
}

copies_are_told() {
  renew
  local number
  for number in 2 3 4 5; do cp jpegs/1.jpg folder/$number.jpg; done
  cp jpegs/2.jpg folder/other.jpg
  collect
  check "equal pictures are counted" complains "note: 4 images are copies of others, byte by byte; 'search --distinct'"
  collect --json
  check "also when they are kept, and in JSON" json equals copies=4 linked=0
  works search --model model --index found --k 4 jpegs/1.jpg
  check "a search shows all of them" [ "$(grep -c '1\.0000' "$stdout")" -eq 4 ]
  works search --model model --index found --k 4 --distinct jpegs/1.jpg
  check "--distinct shows one" [ "$(grep -c '1\.0000' "$stdout")" -eq 1 ]
  check "with the number of the others" says "1.0000  1.jpg  (and 4 copies)"
  check "and what comes after it" says "  other.jpg"
  works search --model model --index found --k 4 --distinct --json jpegs/1.jpg
  check "also in JSON" python3 -c '
import json, sys
sys.exit([(r["path"], r["copies"]) for r in json.loads(sys.stdin.read())["results"]] != [("1.jpg", 4), ("other.jpg", 0)])' \
    <"$stdout"
  works search --model model --index found --k 4 --json jpegs/1.jpg
  check "which is as ever without it" bash -c '! grep -q copies "$1"' - "$stdout"
}

pictures_that_browsers_do_not_show() {
  renew
  printf 'P6\n2 2\n255\n123456789012' >folder/a.ppm
  printf 'P5 2 2 255\n1234' >folder/b
  collect
  check "a PNM is indexed" counts 3
  check "and told" complains "note: 2 of 3 images are PNM, which browsers do not show; use --thumbs, or save them as PNG"
  run info found
  check "also by info, which sees the ending" complains "note: 1 of 3 images is PNM, which browsers do not show"
  works info --json found
  check "and in JSON" json equals unshown=1
  collect --thumbs 16
  check "thumbnails can be shown" not_complains PNM
  works info found
}

files_and_folders() {
  make_jpegs
  first_bytes_decide
  others_are_counted_by_kind
  files_called_pictures
  caches_are_skipped
  photo_libraries
  own_output
  unreadable_folders
  long_paths
  links_and_loops
  copies_are_told
  pictures_that_browsers_do_not_show
  rm -rf jpegs folder found found.*
}
