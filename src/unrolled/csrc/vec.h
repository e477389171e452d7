// A vector of floats as wide as the instruction set's registers, and a block of 16 made of them.
//
// All layouts count in blocks of 16 floats (one cache line), whatever the register width, so the
// packing, the saved values and the loops are the same code for every instruction set.
#pragma once
#include <cstring>

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "problem.h"

#ifndef UNROLLED_ISA
#error "compile through isa.cpp with UNROLLED_ISA and UNROLLED_WIDTH set"
#endif

namespace unrolled {
namespace UNROLLED_ISA {  // a namespace per instruction set: no inline function may be shared

constexpr int kWidth = UNROLLED_WIDTH;  // floats in a register
constexpr int kVectors = kBlock / kWidth;

typedef float Vec __attribute__((vector_size(kWidth * 4)));
typedef int32_t IntVec __attribute__((vector_size(kWidth * 4)));
typedef float LooseVec __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

UNROLLED_INLINE Vec load(const float* p) { return *reinterpret_cast<const LooseVec*>(p); }
UNROLLED_INLINE void store(float* p, Vec v) { *reinterpret_cast<LooseVec*>(p) = v; }
UNROLLED_INLINE Vec splat(float v) { return v - Vec{}; }
UNROLLED_INLINE IntVec bits(Vec v) { return reinterpret_cast<IntVec>(v); }
UNROLLED_INLINE Vec floats(IntVec v) { return reinterpret_cast<Vec>(v); }
// NaN passes through: a comparison with NaN is false, and the else branch keeps v. x86 has that as
// one instruction, which the compiler does not find by itself. less_product is v - n c, of which the
// product is not rounded where kFused says so: no option of the compiler may decide about that.
#if defined(__AVX512F__) && UNROLLED_WIDTH == 16
UNROLLED_INLINE Vec at_most(Vec v, float top) { return (Vec)_mm512_min_ps(_mm512_set1_ps(top), (__m512)v); }
UNROLLED_INLINE Vec at_least(Vec v, float low) { return (Vec)_mm512_max_ps(_mm512_set1_ps(low), (__m512)v); }
UNROLLED_INLINE Vec less_product(Vec v, Vec n, float c) {
  return (Vec)_mm512_fnmadd_ps((__m512)n, _mm512_set1_ps(c), (__m512)v);
}
constexpr bool kFused = true;
#elif defined(__AVX2__) && UNROLLED_WIDTH == 8
UNROLLED_INLINE Vec at_most(Vec v, float top) { return (Vec)_mm256_min_ps(_mm256_set1_ps(top), (__m256)v); }
UNROLLED_INLINE Vec at_least(Vec v, float low) { return (Vec)_mm256_max_ps(_mm256_set1_ps(low), (__m256)v); }
UNROLLED_INLINE Vec less_product(Vec v, Vec n, float c) {
  return (Vec)_mm256_fnmadd_ps((__m256)n, _mm256_set1_ps(c), (__m256)v);
}
constexpr bool kFused = true;
#else
UNROLLED_INLINE Vec at_most(Vec v, float top) { return v > top ? splat(top) : v; }
UNROLLED_INLINE Vec at_least(Vec v, float low) { return v < low ? splat(low) : v; }
UNROLLED_INLINE Vec less_product(Vec v, Vec n, float c) { return v - n * c; }
constexpr bool kFused = false;
#endif

UNROLLED_INLINE int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
UNROLLED_INLINE int64_t blocks_of(int64_t n) { return (n + kBlock - 1) / kBlock; }
UNROLLED_INLINE int64_t padded(int64_t n) { return blocks_of(n) * kBlock; }

UNROLLED_INLINE void zero(float* p, int64_t n) {
  if (n > 0) std::memset(p, 0, static_cast<size_t>(n) * sizeof(float));
}

// Copies n <= 16 floats of a row into a block, the rest zero.
UNROLLED_INLINE void load_block(float* block, const float* row, int64_t n) {
  if (n == kBlock) {
    for (int v = 0; v < kVectors; ++v) store(block + v * kWidth, load(row + v * kWidth));
    return;
  }
  for (int u = 0; u < kBlock; ++u) block[u] = u < n ? row[u] : 0.0f;
}

UNROLLED_INLINE void store_block(float* row, const float* block, int64_t n) {
  if (n == kBlock) {
    for (int v = 0; v < kVectors; ++v) store(row + v * kWidth, load(block + v * kWidth));
    return;
  }
  for (int64_t u = 0; u < n; ++u) row[u] = block[u];
}

// (rows, n) dense -> (rows, n padded with zeros); a null source is zeros.
UNROLLED_INLINE void pad_rows(float* to, const float* from, int64_t rows, int64_t n) {
  const int64_t np = padded(n);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t u = 0; u < np; u += kBlock) {
      if (from)
        load_block(to + r * np + u, from + r * n + u, min64(kBlock, n - u));
      else
        zero(to + r * np + u, kBlock);
    }
}

UNROLLED_INLINE void unpad_rows(float* to, const float* from, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r)
    std::memcpy(to + r * n, from + r * padded(n), static_cast<size_t>(n) * sizeof(float));
}

// Hands out pieces of one scratch allocation, each on a cache line; with base null it only counts.
struct Arena {
  float* base;
  int64_t used = 0;
  UNROLLED_INLINE float* take(int64_t floats) {
    float* piece = base ? base + used : nullptr;
    used += padded(floats);
    return piece;
  }
};

}  // namespace UNROLLED_ISA
}  // namespace unrolled
