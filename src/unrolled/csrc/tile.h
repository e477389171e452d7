// The three small matrix products everything is made of. A tile is R rows by P blocks of 16 columns,
// and its sums live in registers for the whole of k.
//
// Every element is summed over k in the same order whatever R and P are, so how rows and columns are
// dealt to threads cannot change a bit of the result.
#pragma once
#include "vec.h"

namespace unrolled {
namespace UNROLLED_ISA {

constexpr int kSums = UNROLLED_SUMS;  // registers given to sums: 12 of 16, 24 of 32
constexpr int kRegisters = kSums / 3 * 4;
constexpr int kMaxRows = kSums / kVectors < 8 ? kSums / kVectors : 8;
constexpr int kMaxPanels = 4;
constexpr bool kFetches = kWidth == 16;  // narrower ones compute so long that the processor's fetching keeps up

// A float's sum of n terms is off by about sqrt(n) roundings of the sum so far. So a sum is made of
// runs, each begun at zero, and what was there before is added to a run's end: 2-4 times less error
// for 1-2 % of the time.
constexpr int64_t kProductRun = 256;  // k of a product
constexpr int64_t kOuterRun = 64;     // rows of a weight's gradient
constexpr int64_t kAhead = 2;         // blocks of dz that are asked for before their turn

// Few rows take more panels at once: a row alone would wait for its own sums (two chains of FMA
// where eight are needed to fill the pipes). Worth 2-3 times at B = 1.
UNROLLED_INLINE constexpr int panels_for(int64_t rows) {
  const int fit = static_cast<int>(kSums / kVectors / (rows < 1 ? 1 : rows));
  return fit < 1 ? 1 : fit > kMaxPanels ? kMaxPanels : fit;
}

// The other way round: the rows that fit beside so many panels.
UNROLLED_INLINE int64_t rows_for(int64_t panels) {
  return min64(kMaxRows, kSums / kVectors / panels);
}

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

  // to = before + sums, both (R, P * 16) with rows `ld` floats apart; before null: zeros
  UNROLLED_INLINE void write(const float* before, int64_t ld_before, float* to, int64_t ld_to) {
    if (before) add_each(before, ld_before);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
        for (int i = 0; i < kVectors; ++i) store(to + r * ld_to + p * kBlock + i * kWidth, v[r][p][i]);
  }

  UNROLLED_INLINE void add_each(const float* before, int64_t ld) {
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
        for (int i = 0; i < kVectors; ++i) v[r][p][i] += load(before + r * ld + p * kBlock + i * kWidth);
  }

  // One k: a column of R numbers times a row of P blocks.
  UNROLLED_INLINE void add(const float* a, int64_t row_stride, const float* b, int64_t panel_stride) {
    if constexpr ((R + 1) * P * kVectors < kRegisters) return add_row(a, row_stride, b, panel_stride);
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) {
      add_panel(a, row_stride, b + p * panel_stride, p);
      // The next panel reads the numbers again: kept, they would push sums out of the registers,
      // which halved the speed of 3 rows by 2 panels.
      if (R > 1 && P > 1) asm("" : "+r"(a));
    }
  }

  // Where all blocks fit beside the sums, each number is read once and not once a block.
  UNROLLED_INLINE void add_row(const float* a, int64_t row_stride, const float* b, int64_t panel_stride) {
    Vec row[P][kVectors];
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
      for (int i = 0; i < kVectors; ++i) row[p][i] = load(b + p * panel_stride + i * kWidth);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vec number = splat(a[r * row_stride]);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
        for (int i = 0; i < kVectors; ++i) v[r][p][i] += number * row[p][i];
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

  // k of them: a (R, k), rows `ld` apart; b (P, k, 16), panels `panel_stride` apart
  UNROLLED_INLINE void add_rows(int64_t k, const float* a, int64_t ld, const float* b, int64_t panel_stride) {
#pragma GCC unroll 4
    for (int64_t j = 0; j < k; ++j, b += kBlock) add(a + j, ld, b, panel_stride);
  }

  // The same, and a line of `next` is asked for with every second k.
  UNROLLED_INLINE void add_rows(int64_t k, const float* a, int64_t ld, const float* b, int64_t panel_stride,
                                const float* next) {
    if constexpr (!kFetches) return add_rows(k, a, ld, b, panel_stride);
    int64_t j = 0;
    for (; j + 4 <= k; j += 4, b += 4 * kBlock, next += 2 * kBlock) {
      fetch_two(next);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) add(a + j + i, ld, b + i * kBlock, panel_stride);
    }
    add_rows(k - j, a + j, ld, b, panel_stride);
  }

  // The same with a (k / 16, R, 16), blocks `block_stride` apart: rows as they lie in panels. Blocks
  // are pages apart and in part another core's, which no fetching of the processor's foresees: to ask
  // for them took a tenth off a backward pass at H = 512, with narrow registers too.
  UNROLLED_INLINE void add_blocks(int64_t k, const float* a, int64_t block_stride, const float* b,
                                  int64_t panel_stride, const float* next) {
    for (int64_t j = k / kBlock; j > 0; --j, a += block_stride) {
      fetch_rows(a + kAhead * block_stride);
      for (int i = 0; i < kBlock; i += 4, b += 4 * kBlock, next += 2 * kBlock) {
        if constexpr (kFetches) fetch_two(next);
#pragma GCC unroll 4
        for (int n = 0; n < 4; ++n) add(a + i + n, kBlock, b + n * kBlock, panel_stride);
      }
    }
  }

  static UNROLLED_INLINE void fetch_rows(const float* a) {
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) __builtin_prefetch(a + r * kBlock, 0, 3);
  }

  static UNROLLED_INLINE void fetch_two(const float* next) {
    __builtin_prefetch(next, 0, 2);
    __builtin_prefetch(next + kBlock, 0, 2);
  }
};

// The tiles take everything one by one, so that it comes in registers: with pointers to structures a
// call cost twice as much beside its multiply-adds: 5 % of a forward pass at H = 64.

// The product below in several runs of k. So many weights come from L3, or from L2 at best: those which
// the next tiles want, at `next`, are asked for meanwhile: 3-15 % of a forward pass at H = 512.
template <int R, int P>
__attribute__((noinline)) void forward_runs(int64_t k_h, const float* h, int64_t ld_h, const float* w_h,
                                            int64_t k_x, const float* x, int64_t ld_x, const float* w_x,
                                            const float* from, int64_t ld_from, float* to, int64_t ld_to,
                                            const float* next) {
  for (int64_t done_h = 0, done_x = 0; done_h < k_h || done_x < k_x;) {
    const int64_t of_h = min64(k_h - done_h, kProductRun);
    const int64_t of_x = min64(k_x - done_x, (kProductRun - of_h) / kBlock * kBlock);
    Sums<R, P> sums;
    sums.zero();
    sums.add_rows(of_h, h + done_h, ld_h, w_h + done_h * kBlock, k_h * kBlock, next + done_h / 2 * kBlock);
    sums.add_rows(of_x, x + done_x, ld_x, w_x + done_x * kBlock, k_x * kBlock,
                  next + (k_h + done_x) / 2 * kBlock);
    sums.write(from, ld_from, to, ld_to);
    from = to, ld_from = ld_to;
    done_h += of_h, done_x += of_x;
  }
}

// to = from + h W_h + x W_x: h (R, k_h), w_h (P, k_h, 16), x and w_x likewise; from, to (R, P * 16).
// h's terms come before x's, which are larger as a rule: a small term added to a large sum loses more.
template <int R, int P>
void forward_tile(int64_t k_h, const float* h, int64_t ld_h, const float* w_h, int64_t k_x, const float* x,
                  int64_t ld_x, const float* w_x, const float* from, int64_t ld_from, float* to,
                  int64_t ld_to, const float* next) {
  if (k_h + k_x > kProductRun)
    return forward_runs<R, P>(k_h, h, ld_h, w_h, k_x, x, ld_x, w_x, from, ld_from, to, ld_to, next);
  Sums<R, P> sums;
  sums.zero();
  sums.add_rows(k_h, h, ld_h, w_h, k_h * kBlock);
  sums.add_rows(k_x, x, ld_x, w_x, k_x * kBlock);
  sums.write(from, ld_from, to, ld_to);
}

// to = from + dz W: dz (k / 16, R, 16), w (P, k, 16), k a multiple of 16
template <int R, int P>
void backward_tile(int64_t k, const float* dz, int64_t block_stride, const float* w, const float* from,
                   int64_t ld_from, float* to, int64_t ld_to, const float* next) {
  for (int64_t done = 0; done < k; done += kProductRun) {
    Sums<R, P> sums;
    sums.zero();
    sums.add_blocks(min64(k - done, kProductRun), dz + done / kBlock * block_stride, block_stride,
                    w + done * kBlock, k * kBlock, next + done / 2 * kBlock);
    sums.write(from, ld_from, to, ld_to);
    from = to, ld_from = ld_to;
  }
}

// to = from + sum over k of a[k][row] * b[k][column]: both sides stored (k, 16), as the weight
// gradients want them.
template <int R, int P>
void outer_tile(int64_t k, const float* a, const float* b, int64_t panel_stride, const float* from,
                int64_t ld_from, float* to, int64_t ld_to) {
  for (int64_t begin = 0; begin < k; begin += kOuterRun) {
    const int64_t end = min64(begin + kOuterRun, k);
    Sums<R, P> sums;
    sums.zero();
#pragma GCC unroll 4
    for (int64_t j = begin; j < end; ++j) sums.add(a + j * kBlock, 1, b + j * kBlock, panel_stride);
    sums.write(from, ld_from, to, ld_to);
    from = to, ld_from = ld_to;
  }
}

using ForwardTile = decltype(&forward_tile<1, 1>);
using BackwardTile = decltype(&backward_tile<1, 1>);
using OuterTile = decltype(&outer_tile<1, 1>);

// Instances which would not fit the registers are never asked for; they stand in as the widest that fits.
template <int R, int P>
constexpr bool kFits = R <= kMaxRows && (P == 1 || R * P * kVectors <= kSums);
#define UNROLLED_ENTRY(Tile, tile)            \
  template <int R, int P>                     \
  constexpr Tile tile##_entry() {             \
    if constexpr (kFits<R, P>) return tile<R, P>; \
    return nullptr;                           \
  }
UNROLLED_ENTRY(ForwardTile, forward_tile)
UNROLLED_ENTRY(BackwardTile, backward_tile)
UNROLLED_ENTRY(OuterTile, outer_tile)

#define UNROLLED_ROW(entry, R) {entry<R, 1>(), entry<R, 2>(), entry<R, 3>(), entry<R, 4>()}
#define UNROLLED_TABLE(entry)                                                             \
  {UNROLLED_ROW(entry, 1), UNROLLED_ROW(entry, 2), UNROLLED_ROW(entry, 3),                \
   UNROLLED_ROW(entry, 4), UNROLLED_ROW(entry, 5), UNROLLED_ROW(entry, 6),                \
   UNROLLED_ROW(entry, 7), UNROLLED_ROW(entry, 8)}
constexpr ForwardTile kForward[8][kMaxPanels] = UNROLLED_TABLE(forward_tile_entry);
constexpr BackwardTile kBackward[8][kMaxPanels] = UNROLLED_TABLE(backward_tile_entry);
constexpr OuterTile kOuter[8][kMaxPanels] = UNROLLED_TABLE(outer_tile_entry);

// [begin, end) in pieces of nearly equal length, `most` at most: 8 rows are 4 + 4, not 6 + 2.
struct Pieces {
  int64_t begin, size, count;
  UNROLLED_INLINE Pieces(int64_t begin, int64_t end, int64_t most)
      : begin(begin), size(end - begin), count(end > begin ? (end - begin + most - 1) / most : 0) {}
  UNROLLED_INLINE int64_t start(int64_t i) const { return begin + size * i / count; }
  UNROLLED_INLINE int64_t length(int64_t i) const { return start(i + 1) - start(i); }
  UNROLLED_INLINE int64_t longest() const { return count ? (size + count - 1) / count : 0; }
};

// Rows of a tile each, and the blocks of columns that tiles of these rows take at once.
// Up to eight rows are one tile where it fits, which reads large weights once; of more rows, six make
// the tile that is widest, 3-5 % faster at H = 64.
UNROLLED_INLINE Pieces row_tiles(int64_t begin, int64_t end) {
  return {begin, end, end - begin > kMaxRows ? min64(kMaxRows, 6) : kMaxRows};
}
UNROLLED_INLINE Pieces panel_groups(int64_t begin, int64_t end, const Pieces& rows) {
  return {begin, end, panels_for(rows.longest())};
}

// What a tile asks for while it computes: its share of the panels, k lines each, of the group after its own.
UNROLLED_INLINE int64_t next_panels(const Pieces& groups, int64_t group, const Pieces& tiles, int64_t tile,
                                    int64_t k) {
  const int64_t after = group + 1 < groups.count ? group + 1 : 0;
  return (groups.start(after) * k + groups.length(after) * k * tile / tiles.count) * kBlock;
}

}  // namespace UNROLLED_ISA
}  // namespace unrolled
