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
constexpr int64_t kFewRows = kWidth < 16 ? 0 : 48;  // that do not outlast their coming from L3
constexpr int64_t kMaxParts = 16;                // copies of a gradient
constexpr int64_t kSerialFlops = 1500 * 1000;    // below it a second thread costs more than it gives
constexpr int64_t kColumnFlops = 60 * 1000;      // of one step, below which a barrier a step is dear

struct Plan {
  int threads;
  bool by_columns;  // threads share the units of each step (a barrier a step) instead of the rows
  bool x_ahead;     // x's part of the sums is made a chunk at a time
  int parts;        // of the batch, going backward: each sums its own gradients of the weights
  int64_t chunk_rows;
};

// Those of some rows of the batch that are still there at step t: in a PackedSequence they grow fewer.
UNROLLED_INLINE Range active(const Sequence& seq, int64_t t, Range rows) {
  const int64_t end = min64(rows.end, seq.size(t));
  return {rows.begin, end < rows.begin ? rows.begin : end};
}

// The step after the chunk which begins at step s: at least one step, at most `most` (step, row) pairs.
UNROLLED_INLINE int64_t chunk_end(const Sequence& seq, int64_t s, Range rows, int64_t most) {
  int64_t count = active(seq, seq.time(s), rows).size();
  for (++s; s < seq.steps; ++s) {
    count += active(seq, seq.time(s), rows).size();
    if (count > most) break;
  }
  return s;
}

UNROLLED_INLINE int64_t row_count(const Sequence& seq, int64_t begin, int64_t end, Range rows) {
  int64_t count = 0;
  for (int64_t s = begin; s < end; ++s) count += active(seq, seq.time(s), rows).size();
  return count;
}

// Parts of their own cost a copy of the gradients each, and spare the cores to pass dz to each other: up
// to twice the speed of a backward pass on two, where weights are small. Eight rows are a part, sixteen
// where that leaves enough of them or a copy is large.
UNROLLED_INLINE int parts_of(int64_t batch, int64_t weights) {
  if (weights > 4 * kCacheFloats || batch < 8) return 1;
  const bool tall = weights > kCacheFloats || batch >= 128;
  const int64_t parts = tall ? batch / 16 : batch < 16 ? 2 : batch / 8;
  return static_cast<int>(parts < 1 ? 1 : min64(kMaxParts, parts));
}

UNROLLED_INLINE Plan make_plan(int gates, int64_t input, int64_t hidden, const Sequence& seq,
                               int threads) {
  Plan plan;
  const int64_t weights = gates * hidden * (input + hidden);
  const int64_t step_flops = 2 * weights * seq.batch;
  plan.threads = 2 * weights * seq.rows < kSerialFlops ? 1 : threads;
  plan.chunk_rows = min64(seq.rows, seq.batch > kChunkRows ? seq.batch : kChunkRows);
  plan.parts = parts_of(seq.batch, weights);
  const int64_t rows = seq.batch / plan.threads;
  // Rows alone need no barrier. Columns pay where rows would leave threads with thin tiles, or each
  // with all the weights to fetch from L3 for a few rows.
  plan.by_columns = plan.threads > 1 && blocks_of(hidden) >= plan.threads &&
                    (rows < 3 ? step_flops >= kColumnFlops
                              : (rows < 16 && weights > kCacheFloats) ||
                                    (rows < kFewRows && weights > kManyFloats));
  if (!plan.by_columns && seq.batch == 1) plan.threads = 1;
  // A row or two alone would wait for their own sums; with more, z is dearer to keep than W_ih to read.
  plan.x_ahead = seq.batch <= 2;
  return plan;
}

}  // namespace UNROLLED_ISA
}  // namespace unrolled
