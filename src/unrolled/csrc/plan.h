// How a call is cut up: how many threads, rows or columns to each, how many steps to a chunk.
// How many threads there are changes no bit of the result; `x_ahead`, which rounds z once more, is
// chosen by shapes alone.
#pragma once
#include "threads.h"
#include "tile.h"

namespace unrolled {
namespace UNROLLED_ISA {

// Rows of a chunk: the weight gradients of a chunk find its values still in L2.
constexpr int64_t kChunkRows = 256;
constexpr int64_t kCacheFloats = 96 * 1024;      // of weights which stay in any L2 from step to step
constexpr int64_t kManyFloats = 768 * 1024;      // of weights which stay in no L2
constexpr int64_t kSerialFlops = 1500 * 1000;    // below it a second thread costs more than it gives
constexpr int64_t kColumnFlops = 60 * 1000;      // of one step, below which a barrier a step is dear

struct Plan {
  int threads;
  bool by_columns;  // threads share the units of each step (a barrier a step) instead of the rows
  bool x_ahead;     // x's part of the sums is made a chunk at a time
  int64_t chunk_rows;

  // The step after the chunk which begins at step s: at least one step, about kChunkRows rows.
  UNROLLED_INLINE int64_t chunk_end(const Sequence& seq, int64_t s) const {
    int64_t rows = seq.size(seq.time(s));
    for (++s; s < seq.steps; ++s) {
      rows += seq.size(seq.time(s));
      if (rows > chunk_rows) break;
    }
    return s;
  }
  // Steps [begin, end) are neighbours in memory; where they start and how many rows they have.
  UNROLLED_INLINE int64_t first_row(const Sequence& seq, int64_t begin, int64_t end) const {
    return seq.offset(seq.reverse ? seq.time(end - 1) : seq.time(begin));
  }
  UNROLLED_INLINE int64_t row_count(const Sequence& seq, int64_t begin, int64_t end) const {
    int64_t rows = 0;
    for (int64_t s = begin; s < end; ++s) rows += seq.size(seq.time(s));
    return rows;
  }
};

UNROLLED_INLINE Plan make_plan(Kind kind, int64_t input, int64_t hidden, const Sequence& seq,
                               int threads) {
  Plan plan;
  const int64_t weights = gate_count(kind) * hidden * (input + hidden);
  const int64_t step_flops = 2 * weights * seq.batch;
  plan.threads = 2 * weights * seq.rows < kSerialFlops ? 1 : threads;
  plan.chunk_rows = min64(seq.rows, seq.batch > kChunkRows ? seq.batch : kChunkRows);
  const int64_t rows = seq.batch / plan.threads;
  // Rows alone need no barrier. Columns pay where rows would leave threads with thin tiles, or each
  // with all the weights to fetch from L3 for a few rows.
  plan.by_columns = plan.threads > 1 && blocks_of(hidden) >= plan.threads &&
                    (rows < 3 ? step_flops >= kColumnFlops
                              : (rows < 16 && weights > kCacheFloats) || (rows < 24 && weights > kManyFloats));
  if (!plan.by_columns && seq.batch == 1) plan.threads = 1;
  // A row or two alone would wait for their own sums; with more, z is dearer to keep than W_ih to read.
  plan.x_ahead = seq.batch <= 2;
  return plan;
}

}  // namespace UNROLLED_ISA
}  // namespace unrolled
