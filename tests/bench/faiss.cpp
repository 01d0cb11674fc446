// bench-faiss DIRECTORY flat|sq8 NLIST NPROBE...: FAISS as the peer, on what vectors.py wrote to DIRECTORY.
// IndexIVFFlat or IndexIVFScalarQuantizer with 8 bits, inner product, trained as FAISS does by default; built with all
// threads, searched with one: all queries in one call, which suits FAISS best, and one query a call. A JSON line for
// each NPROBE: queries a second of processor time, by the median and the fastest of five passes.
#include <dlfcn.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexScalarQuantizer.h>
#include <omp.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "data.h"

static double seconds(const std::function<void()> &work) {
  const double start = bench_seconds();
  work();
  return bench_seconds() - start;
}

// Also OpenBLAS, if that is the BLAS behind FAISS, which has threads of its own.
static void use_one_thread() {
  omp_set_num_threads(1);
  void *set = dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
  if (set != nullptr) reinterpret_cast<void (*)(int)>(set)(1);
}

static std::unique_ptr<faiss::IndexIVF> make_index(const char *kind, faiss::Index *quantizer, size_t dim,
                                                   size_t nlist) {
  const auto metric = faiss::METRIC_INNER_PRODUCT;
  if (strcmp(kind, "flat") == 0) return std::make_unique<faiss::IndexIVFFlat>(quantizer, dim, nlist, metric);
  if (strcmp(kind, "sq8") == 0)
    return std::make_unique<faiss::IndexIVFScalarQuantizer>(quantizer, dim, nlist, faiss::ScalarQuantizer::QT_8bit,
                                                            metric);
  return nullptr;
}

struct measurement {
  uint32_t nprobe;
  double recall, scanned;
  std::vector<double> batch, single;  // seconds of each pass
};

class bench {
 public:
  bench(const bench_data &d, faiss::IndexIVF &i)
      : data(d), index(i), scores(d.queries * BENCH_K), answers(d.queries * BENCH_K) {}

  void judge(measurement &m) {
    faiss::indexIVF_stats.reset();
    batch(m.nprobe);
    m.scanned = static_cast<double>(faiss::indexIVF_stats.ndis) / data.queries;
    m.recall = bench_recall(&data, answers.data());
  }
  void time(measurement &m) {
    m.batch.push_back(seconds([&] { batch(m.nprobe); }));
    m.single.push_back(seconds([&] { single(m.nprobe); }));
  }

 private:
  void search(size_t first, size_t count, size_t nprobe) {
    index.nprobe = nprobe;
    index.search(static_cast<faiss::Index::idx_t>(count), data.query_vectors + first * data.dim, BENCH_K,
                 scores.data() + first * BENCH_K, answers.data() + first * BENCH_K);
  }
  void batch(size_t nprobe) { search(0, data.queries, nprobe); }
  void single(size_t nprobe) {
    for (size_t q = 0; q < data.queries; q++) search(q, 1, nprobe);
  }

  const bench_data &data;
  faiss::IndexIVF &index;
  std::vector<float> scores;
  std::vector<faiss::Index::idx_t> answers;
};

int main(int argc, char **argv) {
  if (argc < 5) return fprintf(stderr, "usage: bench-faiss DIRECTORY flat|sq8 NLIST NPROBE...\n"), 2;
  const bench_data data = bench_data_open(argv[1]);
  const uint32_t nlist = bench_number(argv[3], data.count);
  faiss::IndexFlatIP quantizer(data.dim);
  auto index = make_index(argv[2], &quantizer, data.dim, nlist);
  if (!index) return fprintf(stderr, "bench-faiss: '%s' is neither flat nor sq8\n", argv[2]), 2;
  const auto start = std::chrono::steady_clock::now();
  index->train(data.count, data.vectors);
  index->add(data.count, data.vectors);
  const double build = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double peak = bench_peak_mb();

  use_one_thread();
  bench b(data, *index);
  std::vector<measurement> measurements;
  for (int i = 4; i < argc; i++) measurements.push_back({bench_number(argv[i], nlist), 0, 0, {}, {}});
  for (auto &m : measurements) b.judge(m);
  for (int pass = 0; pass < BENCH_PASSES; pass++)
    for (auto &m : measurements) b.time(m);
  for (auto &m : measurements) {
    double batch = bench_median(m.batch.data(), BENCH_PASSES), single = bench_median(m.single.data(), BENCH_PASSES);
    printf(
        "{\"side\":\"faiss-%s\",\"count\":%u,\"nlist\":%u,\"nprobe\":%u,\"recall\":%.5f,\"scanned\":%.1f,"
        "\"qps\":%.1f,\"qps_best\":%.1f,\"qps_single\":%.1f,\"qps_single_best\":%.1f,\"build_s\":%.2f,"
        "\"peak_mb\":%.0f}\n",
        argv[2], data.count, nlist, m.nprobe, m.recall, m.scanned, data.queries / batch, data.queries / m.batch[0],
        data.queries / single, data.queries / m.single[0], build, peak);
  }
}
