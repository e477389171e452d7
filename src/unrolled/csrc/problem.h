// What a caller asks of one layer in one direction. Plain pointers and sizes: nothing here knows torch.
//
// Every batch is laid out as torch lays out a PackedSequence: the rows of step 0, then those of step
// 1, ... A padded (T, B, features) batch is the case where every step has B rows, so one code path
// serves both, and padding is never computed.
//
// Letters: T steps, B batch, N rows in all (sum of the step sizes), I input, H hidden.
#pragma once
#include <array>
#include <cstdint>

#define UNROLLED_INLINE inline __attribute__((always_inline))

namespace unrolled {

constexpr int kBlock = 16;  // units are dealt with in blocks, and H is padded to whole ones

// The tensors of a state, or of its gradient: h first, then as many as the cell has; the rest are null.
constexpr int kMostStates = 4;
using States = std::array<const float*, kMostStates>;
using StateResults = std::array<float*, kMostStates>;

struct Sequence {
  int64_t steps;           // T
  int64_t batch;           // B, the rows of the longest step
  int64_t rows;            // N
  const int64_t* sizes;    // (T) rows of each step, falling; null: B each
  const int64_t* offsets;  // (T) row where a step begins; null with sizes
  bool reverse;            // walk from the last step to the first

  UNROLLED_INLINE int64_t time(int64_t s) const { return reverse ? steps - 1 - s : s; }
  UNROLLED_INLINE int64_t size(int64_t t) const { return sizes ? sizes[t] : batch; }
  UNROLLED_INLINE int64_t offset(int64_t t) const { return offsets ? offsets[t] : t * batch; }
};

// Rows to read, wherever they lie in memory: (T, B, ·), (B, T, ·), or a PackedSequence's, whose steps
// follow one another. Reading them in place saves a transposition: up to a third of a short call.
struct Rows {
  const float* p;  // null: not given
  int64_t row;     // floats from a row to the next one of its step
  int64_t step;    // floats from a step to the next; a PackedSequence has its offsets for that

  UNROLLED_INLINE const float* at(const Sequence& seq, int64_t t, int64_t b) const {
    return p + (seq.offsets ? seq.offsets[t] * row : t * step) + b * row;
  }
  // A part of every row, from `column` on.
  UNROLLED_INLINE Rows from(int64_t column) const { return {p ? p + column : nullptr, row, step}; }
};

struct Weights {
  const float* w_ih;  // (G*H, I)
  const float* w_hh;  // (G*H, H)
  const float* b_ih;  // (G*H) or null
  const float* b_hh;  // (G*H) or null
};

struct Forward {
  int64_t input, hidden;
  Sequence seq;
  Weights w;
  Rows x;        // (N, I)
  States first;  // (B, H) each, or null: zeros
  float* y;      // (N, H), rows ld_y apart
  int64_t ld_y;
  StateResults last;  // (B, H) each
  float* saved;       // (N, values kept, H padded) for the backward pass, or null
  int threads;
};

struct Backward {
  int64_t input, hidden;
  Sequence seq;
  Weights w;
  Rows x;              // (N, I)
  States first;        // (B, H) each, or null
  Rows y;              // (N, H), for a cell that does not keep h
  Rows dy;             // (N, H) or null: zeros
  States dlast;        // (B, H) each, or null
  const float* saved;  // what the forward pass wrote
  float* dx;           // (N, I) or null: not wanted
  bool add_dx;         // add to dx (the second direction) instead of overwriting it
  float *dw_ih, *dw_hh, *db_ih, *db_hh;  // like the weights; null: not wanted
  StateResults dfirst;  // (B, H) each, or null
  int threads;
};

// The kernels of one cell.
struct CellKernels {
  const char* name;
  int gates, states;
  int kept;      // values of a unit's step that the backward pass needs
  bool keeps_h;  // h is among them, so that it does not look at y
  int64_t (*forward_floats)(const Forward&);  // size of the scratch memory
  void (*forward)(const Forward&, float* scratch);
  int64_t (*backward_floats)(const Backward&);
  void (*backward)(const Backward&, float* scratch);
};

// One instruction set's kernels. Each has the same cells in the same order.
struct Kernels {
  const char* name;
  const CellKernels* cells;
  int cell_count;
  // (3, n): exp, sigmoid and tanh of x, so that tests can hold them against float64
  void (*elementary)(const float* x, int64_t n, float* out);
};

}  // namespace unrolled
