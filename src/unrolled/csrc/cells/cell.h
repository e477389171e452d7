// What a cell is to the passes, which see its equations tile by tile.
//
// Each cell has a header here, and a readable twin of the same name, with the same letters, in
// layers/cells/. It declares
//   kName    the name by which Python asks for it
//   kGates   how many gates stand in its weights, in torch's order
//   kStates  how many tensors its state has. The first is h, which the products see; the others, its
//            memory, are updated in place
//   kStages  the sums z it needs, each of the weights of gate kGateOf[stage] and from x (kFromX), h
//            (kFromH) or both; those from x come first
//   kSaved   the values of a step that the backward pass needs beside h
//   kKeepsH  whether h is kept after them, so that a caller may change the outputs in place
//   kStageX, kStageH  backward: where the dz of each gate stands, as x's weights and as h's see it
// and three functions. A `stride` after a pointer is the floats from one stage, memory or saved value to
// the next. All but `gates` work on 16 units of one row.
//   gates(z, stride)  the sums of a tile, `stride` of each stage, into gates, where that needs no more
//   forward(z, stride, before, memory, stride, h, saved, stride)  before: the h the step began with;
//       memory: in and out; h: out; saved: out, null where nothing is kept
//   backward(saved, stride, before, dh, dmemory, stride, dz, stride)  dh: in, what reaches h'; out, what
//       passes to h beside W^T dz; dmemory: in and out likewise; dz: out
#pragma once
#include "../vecmath.h"

namespace unrolled {
namespace UNROLLED_ISA {

// The gates of a whole tile at once: many short chains of operations, none waiting for another, where
// gate, c and tanh c of one row would be one long chain. Took a third off the cell's time.
UNROLLED_INLINE void sigmoids(float* z, int64_t n) {
#pragma GCC unroll 1
  for (int64_t i = 0; i < n; i += kWidth) store(z + i, sigmoid(load(z + i)));
}
UNROLLED_INLINE void tanhs(float* z, int64_t n) {
#pragma GCC unroll 1
  for (int64_t i = 0; i < n; i += kWidth) store(z + i, tanh(load(z + i)));
}

#define UNROLLED_EACH_VECTOR \
  _Pragma("GCC unroll 4") for (int u = 0; u < kBlock; u += kWidth)

}  // namespace UNROLLED_ISA
}  // namespace unrolled
