# Sourced by test_cli.sh: bundles of vectors that were made elsewhere.

# 200 vectors of 16 numbers, f4; the same but for one; and names with labels.
make_vectors() {
  python3 - <<'PYTHON'
import random, struct
random.seed(11)
def save(name, rows):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(name, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for row in rows:
            file.write(struct.pack(f"<{len(row)}f", *row))
rows = [[random.gauss(0, 3) for _ in range(16)] for _ in range(200)]
save("vectors.npy", rows)
save("first.npy", rows[:5])
rows[7] = [1.0] * 16
save("changed.npy", rows[:190])
save("narrow.npy", [row[:15] for row in rows])
rows[3][2] = float("nan")
save("nan.npy", rows)
with open("names", "w") as file:
    for i in range(200):
        file.write(f"{'even' if i % 2 == 0 else 'odd'}/{i}\t{'even' if i % 2 == 0 else 'odd'}\n")
PYTHON
  head -n 190 names >fewer-names
}

vectors() { run build --vectors "$1" --out ready "${@:2}"; }

ready_made_vectors() {
  make_vectors
  vectors vectors.npy
  check "vectors are indexed without a model" exit_is 0
  check "silently" is_silent "$stderr"
  check "and counted" says "200 vectors: 200 new"
  works info --json ready
  check "info of such a bundle" json equals head=none model_id=none dim=16 storage=i8 count=200 nlist=5
  works info ready
  check "also as text" says "model none, images at "
  works search --index ready --vectors vectors.npy --exact --json
  check "every vector finds itself" json own vectors.npy 16
  works search --index ready --vectors first.npy --k 3
  check "also as text" says "first.npy#4"
  vectors vectors.npy --ids names --fresh --storage f32 --json
  check "build --vectors --json" json build 200 5 ""
  check "in f32" json equals head=none storage=f32 dim=16 embedded=0
  works search --index ready --vectors vectors.npy --json --exact
  check "with names and labels" json search 200 4
  check "every vector finds itself" json own vectors.npy 16
  works search --index ready --vectors first.npy --json --label odd --k 20
  check "labels of vectors can be chosen" json labels odd
  cp -r ready again
  vectors vectors.npy --ids names --fresh --storage f32 --threads 1
  check "vectors give the same bundle again" same_folder ready again
  rm -rf again
}

updated_vectors() {
  vectors vectors.npy --ids names --storage f32 --json
  check "vectors that have not changed are kept" json fates kept=200
  vectors changed.npy --ids fewer-names --storage f32 --json
  check "others are not" json fates kept=189 changed=1 removed=10
  works search --index ready --vectors first.npy --exact --json
  check "and found after that" json own first.npy 16
  vectors changed.npy --storage f32 --json
  check "new names are moved vectors" json fates moved=190
  vectors narrow.npy --storage f32
  check "other vectors replace them" complains "; adding all vectors again"
}

refused_vectors() {
  fails 1 "nowhere.npy" build --vectors nowhere.npy --out other
  fails 1 "text" build --vectors text --out other
  fails 1 "has 190 lines, but there are 200 vectors" build --vectors vectors.npy --ids fewer-names --out other
  fails 1 "nowhere" build --vectors vectors.npy --ids nowhere --out other
  fails 1 "nan.npy" build --vectors nan.npy --out other
  check "refused vectors leave nothing" [ ! -e other ]
  check "nor beside it" tidy other
  fails 1 "vectors.npy: its rows have 16 numbers, but those of the bundle have 15" \
    search --index ready --vectors vectors.npy
  run search --index ready --vectors narrow.npy --json
  check "a search by vectors" exit_is 0
  fails 1 "ready: it holds ready-made vectors" search --index ready --model model images/alone.bmp
  fails 1 "ready: it holds ready-made vectors" embed --index ready --model model images/alone.bmp
  rm -rf ready
}
