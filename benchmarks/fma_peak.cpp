// GF/s that multiply-adds alone reach on 1, 2, ... threads: what docs/performance.md calls the peak.
//   g++ -O3 -march=native -pthread benchmarks/fma_peak.cpp -o /tmp/fma_peak && /tmp/fma_peak
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#ifdef __AVX512F__
constexpr int kWidth = 16, kChains = 24;  // chains: more than latency times units, fewer than registers
#else
constexpr int kWidth = 8, kChains = 12;
#endif
typedef float Vec __attribute__((vector_size(kWidth * 4)));

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void multiply_add(long times, float* out) {
  Vec sums[kChains];
#pragma GCC unroll 24
  for (int c = 0; c < kChains; ++c) sums[c] = Vec{} + 1e-3f * c;  // equal chains would become one
  const Vec factor = Vec{} + 0.999f, term = Vec{} + 1e-7f;
  for (long i = 0; i < times; ++i) {
#pragma GCC unroll 24
    for (int c = 0; c < kChains; ++c) sums[c] = sums[c] * factor + term;
  }
#pragma GCC unroll 24
  for (int c = 0; c < kChains; ++c) *out += sums[c][0];
}

int main() {
  constexpr long kTimes = 20'000'000;
  for (unsigned count = 1; count <= std::thread::hardware_concurrency(); ++count) {
    std::vector<float> out(count * 16);
    std::vector<std::thread> threads;
    const double begin = seconds();
    for (unsigned t = 0; t < count; ++t) threads.emplace_back(multiply_add, kTimes, &out[t * 16]);
    for (std::thread& thread : threads) thread.join();
    const double flops = 2.0 * kWidth * kChains * kTimes * count;
    std::printf("%u threads: %.0f GF/s\n", count, flops / (seconds() - begin) / 1e9);
  }
}
