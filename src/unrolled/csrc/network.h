// A stack of layers in one or two directions, as torch.nn.RNN, GRU and LSTM have it.
#pragma once
#include <memory>
#include <vector>

#include "memory.h"
#include "problem.h"

namespace unrolled {

// L layers, D directions. Weights come in torch's order: layer by layer, direction by direction,
// w_ih, w_hh, b_ih, b_hh; a pointer that is null stands for what is not there or not wanted.
struct Network {
  const CellKernels& cell;
  int64_t input, hidden, layers, directions;
  Sequence seq;
  std::vector<float*> weights;  // (L * D * 4)
  int threads;

  int64_t width() const { return directions * hidden; }
  int64_t input_of(int64_t layer) const { return layer == 0 ? input : width(); }
  // Rows as they lie between layers: (N, D * H)
  Rows inner(const float* p) const { return {p, width(), seq.batch * width()}; }
};

// Here the tensors of a state are (L * D, B, H).
struct Results {
  float* y;  // (N, D * H)
  StateResults last;
};

struct OutputGradients {
  Rows dy;  // (N, D * H) or null
  States dlast;
};

struct InputGradients {
  float* dx;  // (N, I) or null
  StateResults dfirst;
  std::vector<float*> weights;  // (L * D * 4)
};

// Returns what the backward pass needs, or null when it is not kept.
std::unique_ptr<Buffer> forward(const Network&, Rows x, const States& first, const Results&, bool keep);
void backward(const Network&, Rows x, const States& first, Rows y, float* saved,
              const OutputGradients&, const InputGradients&);
int64_t saved_floats(const Network&);  // how many that is

// In a child of fork libgomp's threads are gone and waiting for them would never end.
int usable_threads(int threads);

}  // namespace unrolled
