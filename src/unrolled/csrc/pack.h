// Weights rearranged into panels of 16 columns, so that a tile reads them front to back.
// Panels are padded with zeros: padded units come out as zeros and need no special case.
#pragma once
#include "threads.h"

namespace unrolled {
namespace UNROLLED_ISA {

typedef float Vec4 __attribute__((vector_size(16)));
typedef float LooseVec4 __attribute__((vector_size(16), aligned(4), may_alias));

// (4, 4) -> transposed, in registers: packing is a visible share of a call when B is 1.
UNROLLED_INLINE void transpose4(const float* from, int64_t ld, float* to) {
  const Vec4 a = *reinterpret_cast<const LooseVec4*>(from);
  const Vec4 b = *reinterpret_cast<const LooseVec4*>(from + ld);
  const Vec4 c = *reinterpret_cast<const LooseVec4*>(from + 2 * ld);
  const Vec4 d = *reinterpret_cast<const LooseVec4*>(from + 3 * ld);
  const Vec4 ab01 = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const Vec4 ab23 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Vec4 cd01 = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Vec4 cd23 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *reinterpret_cast<LooseVec4*>(to) = __builtin_shufflevector(ab01, cd01, 0, 1, 4, 5);
  *reinterpret_cast<LooseVec4*>(to + kBlock) = __builtin_shufflevector(ab01, cd01, 2, 3, 6, 7);
  *reinterpret_cast<LooseVec4*>(to + 2 * kBlock) = __builtin_shufflevector(ab23, cd23, 0, 1, 4, 5);
  *reinterpret_cast<LooseVec4*>(to + 3 * kBlock) = __builtin_shufflevector(ab23, cd23, 2, 3, 6, 7);
}

// rows [row, row + n) of w (rows, k) -> one panel (k, 16) with the rows as columns
UNROLLED_INLINE void pack_transposed(const float* w, int64_t k, int64_t n, float* panel) {
  int64_t u = 0;
  for (; u + 4 <= n; u += 4) {
    int64_t j = 0;
    for (; j + 4 <= k; j += 4) transpose4(w + u * k + j, k, panel + j * kBlock + u);
    for (; j < k; ++j)
      for (int64_t i = u; i < u + 4; ++i) panel[j * kBlock + i] = w[i * k + j];
  }
  for (; u < kBlock; ++u)
    for (int64_t j = 0; j < k; ++j) panel[j * kBlock + u] = u < n ? w[u * k + j] : 0.0f;
}

// w (G*H, k) -> (G, blocks of H, k, 16), for z = w a
inline void pack_forward(const float* w, int64_t gates, int64_t hidden, int64_t k, Range panels,
                         float* to) {
  const int64_t blocks = blocks_of(hidden);
  for (int64_t p = panels.begin; p < panels.end && p < gates * blocks; ++p) {
    const int64_t u = p % blocks * kBlock;
    pack_transposed(w + (p / blocks * hidden + u) * k, k, min64(kBlock, hidden - u),
                    to + p * k * kBlock);
  }
}

// w (G*H, n) -> (blocks of n, G * H padded, 16), for da = w^T dz. stage_of: which of dz's stages
// belongs to a gate; the gates are put in the order of their stages.
inline void pack_backward(const float* w, const int* stage_of, int64_t gates, int64_t hidden, int64_t n,
                          Range blocks, float* to) {
  const int64_t hp = padded(hidden);
  int first = stage_of[0];
  for (int64_t g = 1; g < gates; ++g) first = stage_of[g] < first ? stage_of[g] : first;
  for (int64_t block = blocks.begin; block < blocks.end; ++block) {
    const int64_t columns = min64(kBlock, n - block * kBlock);
    for (int64_t g = 0; g < gates; ++g) {
      float* panel = to + (block * gates + stage_of[g] - first) * hp * kBlock;
      for (int64_t u = 0; u < hp; ++u, panel += kBlock) {
        if (u < hidden)
          load_block(panel, w + (g * hidden + u) * n + block * kBlock, columns);
        else
          zero(panel, kBlock);
      }
    }
  }
}

}  // namespace UNROLLED_ISA
}  // namespace unrolled
