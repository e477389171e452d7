// The two small matrix products everything is made of. A tile is R rows by P blocks of 16 columns,
// and its sums live in registers for the whole of k.
//
// Every element is summed over k in the same order whatever R and P are, so how rows and columns are
// dealt to threads cannot change a bit of the result.
#pragma once
#include "vec.h"

namespace unrolled {
namespace UNROLLED_ISA {

constexpr int kSums = UNROLLED_SUMS;  // registers given to sums: 12 of 16, 24 of 32
constexpr int kMaxRows = kSums / kVectors < 6 ? kSums / kVectors : 6;
constexpr int kMaxPanels = 4;

// A float's sum of n terms is off by about sqrt(n) roundings of the sum so far. So a sum is made of
// runs, each begun at zero, and what was there before is added to a run's end: 2-4 times less error
// for 1-2 % of the time.
constexpr int64_t kProductRun = 256;  // k of a product
constexpr int64_t kOuterRun = 64;     // rows of a weight's gradient

// Few rows take more panels at once: a row alone would wait for its own sums (two chains of FMA
// where eight are needed to fill the pipes). Worth 2-3 times at B = 1.
UNROLLED_INLINE constexpr int panels_for(int64_t rows) {
  const int fit = static_cast<int>(kSums / kVectors / (rows < 1 ? 1 : rows));
  return fit < 1 ? 1 : fit > kMaxPanels ? kMaxPanels : fit;
}

// sum over k of a[row][k] * b[k][column]. Rows of `a` are stored in blocks of 16 k.
struct Operand {
  int64_t k;
  const float* a;           // (R, k): row r, element j at r * row_stride + (j / 16) * block_stride + j % 16
  int64_t row_stride, block_stride;
  const float* b;           // (P, k, 16)
  int64_t panel_stride;     // floats from one panel of b to the next
};

// A tile in memory: (R, P, 16).
struct Target {
  float* p;
  int64_t row_stride, panel_stride;
};

struct Source {
  const float* p;  // null: zeros
  int64_t row_stride, panel_stride;
};

template <int R, int P>
struct Sums {
  Vec v[R][P][kVectors];

  UNROLLED_INLINE void zero() {
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
        for (int i = 0; i < kVectors; ++i) v[r][p][i] = splat(0.0f);
  }

  // to = before + sums
  UNROLLED_INLINE void write(const Source& before, const Target& to) {
    if (before.p) add_each(before);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
        for (int i = 0; i < kVectors; ++i)
          store(to.p + r * to.row_stride + p * to.panel_stride + i * kWidth, v[r][p][i]);
  }

  UNROLLED_INLINE void add_each(const Source& before) {
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
        for (int i = 0; i < kVectors; ++i)
          v[r][p][i] += load(before.p + r * before.row_stride + p * before.panel_stride + i * kWidth);
  }

  // One k: a column of R numbers times a row of P blocks.
  UNROLLED_INLINE void add(const float* a, int64_t row_stride, const float* b, int64_t panel_stride) {
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) {
      add_panel(a, row_stride, b + p * panel_stride, p);
      // The next panel reads the numbers again: kept, they would push sums out of the registers,
      // which halved the speed of 3 rows by 2 panels.
      if (R > 1 && P > 1) asm("" : "+r"(a));
    }
  }

  UNROLLED_INLINE void add_panel(const float* a, int64_t row_stride, const float* b, int p) {
    Vec row[kVectors];
#pragma GCC unroll 8
    for (int i = 0; i < kVectors; ++i) row[i] = load(b + i * kWidth);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vec number = splat(a[r * row_stride]);
#pragma GCC unroll 8
      for (int i = 0; i < kVectors; ++i) v[r][p][i] += number * row[i];
    }
  }

  UNROLLED_INLINE void add(const Operand& o) {
    const float* a = o.a;
    const float* b = o.b;
    for (int64_t j = o.k / kBlock; j > 0; --j, a += o.block_stride)
#pragma GCC unroll 4
      for (int i = 0; i < kBlock; ++i, b += kBlock) add(a + i, o.row_stride, b, o.panel_stride);
    for (int64_t i = 0; i < o.k % kBlock; ++i, b += kBlock)
      add(a + i, o.row_stride, b, o.panel_stride);
  }
};

// The first n of an operand's k, n a multiple of 16 or all of them; the operand goes on after them.
UNROLLED_INLINE Operand take(Operand& o, int64_t n) {
  Operand part = o;
  part.k = n;
  o.k -= n;
  o.a += n / kBlock * o.block_stride;
  o.b += n * kBlock;
  return part;
}

// The product below in several runs of k.
template <int R, int P>
__attribute__((noinline)) void product_runs(Source before, Operand x, Operand h, const Target& to) {
  do {
    Sums<R, P> sums;
    sums.zero();
    const int64_t of_h = min64(h.k, kProductRun);
    sums.add(take(h, of_h));
    sums.add(take(x, min64(x.k, (kProductRun - of_h) / kBlock * kBlock)));
    sums.write(before, to);
    before = Source{to.p, to.row_stride, to.panel_stride};
  } while (h.k + x.k > 0);
}

// to = from + x + h. h's terms come before x's, which are larger as a rule: a small term added to a
// large sum loses more. What fits one run is done here, without a copy of what is left: 1-2 %.
template <int R, int P>
void product_tile(const Source& from, const Operand& x, const Operand& h, const Target& to) {
  if (x.k + h.k > kProductRun) return product_runs<R, P>(from, x, h, to);
  Sums<R, P> sums;
  sums.zero();
  sums.add(h);
  sums.add(x);
  sums.write(from, to);
}

// to = from + sum over k of a[k][row] * b[k][column]: both sides stored (k, 16), as the weight
// gradients want them.
template <int R, int P>
void outer_tile(const Source& from, int64_t k, const float* a, const float* b, int64_t panel_stride,
                const Target& to) {
  Source before = from;
  for (int64_t begin = 0; begin < k; begin += kOuterRun) {
    const int64_t end = min64(begin + kOuterRun, k);
    Sums<R, P> sums;
    sums.zero();
#pragma GCC unroll 4
    for (int64_t j = begin; j < end; ++j) sums.add(a + j * kBlock, 1, b + j * kBlock, panel_stride);
    sums.write(before, to);
    before = Source{to.p, to.row_stride, to.panel_stride};
  }
}

typedef void (*ProductTile)(const Source&, const Operand&, const Operand&, const Target&);
typedef void (*OuterTile)(const Source&, int64_t, const float*, const float*, int64_t, const Target&);

// Instances which would not fit the registers are never asked for; they stand in as the widest that fits.
template <int R, int P>
constexpr bool kFits = R <= kMaxRows && (P == 1 || R * P * kVectors <= kSums);
template <int R, int P>
constexpr ProductTile product_entry() {
  if constexpr (kFits<R, P>) return product_tile<R, P>;
  return nullptr;
}
template <int R, int P>
constexpr OuterTile outer_entry() {
  if constexpr (kFits<R, P>) return outer_tile<R, P>;
  return nullptr;
}

#define UNROLLED_ROW(entry, R) {entry<R, 1>(), entry<R, 2>(), entry<R, 3>(), entry<R, 4>()}
#define UNROLLED_TABLE(entry)                                                             \
  {UNROLLED_ROW(entry, 1), UNROLLED_ROW(entry, 2), UNROLLED_ROW(entry, 3),                \
   UNROLLED_ROW(entry, 4), UNROLLED_ROW(entry, 5), UNROLLED_ROW(entry, 6)}
constexpr ProductTile kProduct[6][kMaxPanels] = UNROLLED_TABLE(product_entry);
constexpr OuterTile kOuter[6][kMaxPanels] = UNROLLED_TABLE(outer_entry);

UNROLLED_INLINE ProductTile product(int64_t rows, int64_t panels) { return kProduct[rows - 1][panels - 1]; }
UNROLLED_INLINE OuterTile outer(int64_t rows, int64_t panels) { return kOuter[rows - 1][panels - 1]; }

// Cuts rows [begin, end) into tiles of nearly equal height: 8 rows are 4 + 4, not 6 + 2.
struct RowTiles {
  int64_t begin, rows, count;
  UNROLLED_INLINE RowTiles(int64_t begin, int64_t end)
      : begin(begin), rows(end - begin), count((end - begin + kMaxRows - 1) / kMaxRows) {}
  UNROLLED_INLINE int64_t start(int64_t i) const { return begin + rows * i / count; }
  UNROLLED_INLINE int64_t height(int64_t i) const { return start(i + 1) - start(i); }
  UNROLLED_INLINE int64_t tallest() const { return count ? (rows + count - 1) / count : 0; }
};

}  // namespace UNROLLED_ISA
}  // namespace unrolled
