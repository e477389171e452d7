#include "network.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace unrolled {
namespace {

constexpr int kMostThreads = 1024;  // of so many libgomp may fail to make a team, and ends the program

std::atomic<bool> forked{false};

[[maybe_unused]] const bool watching_forks = [] {
#if defined(__unix__) || defined(__APPLE__)
  pthread_atfork(nullptr, nullptr, [] { forked.store(true); });
#endif
  return true;
}();

// The saved buffer: for each layer and direction the cell's values, and the outputs between layers.
struct Layout {
  int64_t values, between, total;
  explicit Layout(const Network& n)
      : values(count({n.seq.rows, n.cell.kept, whole_blocks(n.hidden)})),
        between(whole_blocks(count({n.seq.rows, n.width()}))),
        total(count({values, n.layers, n.directions}) + count({between, n.layers - 1})) {}
  static int64_t whole_blocks(int64_t floats) { return (floats + kBlock - 1) / kBlock * kBlock; }
  float* cell(float* base, const Network& n, int64_t layer, int64_t d) const {
    return base + (layer * n.directions + d) * values;
  }
  float* output(float* base, const Network& n, int64_t layer) const {
    return base + n.layers * n.directions * values + layer * between;
  }
};

// The part of each tensor that begins at `offset`.
template <class Tensors>
Tensors at(Tensors tensors, int64_t offset) {
  for (auto& p : tensors)
    if (p) p += offset;
  return tensors;
}

Sequence directed(const Sequence& seq, int64_t d) {
  Sequence one = seq;
  one.reverse = d == 1;
  return one;
}

Weights weights_of(const Network& n, int64_t layer, int64_t d) {
  float* const* w = n.weights.data() + (layer * n.directions + d) * 4;
  return {w[0], w[1], w[2], w[3]};
}

void run(const CellKernels& cell, const Forward& f) {
  const Buffer scratch(cell.forward_floats(f));
  cell.forward(f, scratch.data());
}

void run(const CellKernels& cell, const Backward& f) {
  const Buffer scratch(cell.backward_floats(f));
  cell.backward(f, scratch.data());
}

void clear(float* p, int64_t n) {
  if (p && n > 0) std::memset(p, 0, static_cast<size_t>(n) * sizeof(float));
}

// Without a row there is nothing to learn: every gradient of a weight is zero.
void clear_weight_gradients(const Network& n, const InputGradients& grads) {
  const int64_t gates = n.cell.gates * n.hidden;
  for (int64_t i = 0; i < n.layers * n.directions; ++i) {
    float* const* g = grads.weights.data() + i * 4;
    clear(g[0], gates * n.input_of(i / n.directions));
    clear(g[1], gates * n.hidden);
    clear(g[2], gates);
    clear(g[3], gates);
  }
}

}  // namespace

int usable_threads(int threads) {
  return forked.load() || threads < 1 ? 1 : std::min(threads, kMostThreads);
}

int64_t saved_floats(const Network& n) { return Layout(n).total; }

std::unique_ptr<Buffer> forward(const Network& n, Rows x, const States& first, const Results& results,
                                bool keep) {
  if (n.seq.rows == 0) return keep ? std::make_unique<Buffer>(0) : nullptr;
  const Layout layout(n);
  auto saved = std::make_unique<Buffer>(keep ? layout.total : layout.between * (n.layers > 1 ? 2 : 0));
  const int64_t state = n.seq.batch * n.hidden;
  for (int64_t layer = 0; layer < n.layers; ++layer) {
    float* y = results.y;
    if (layer + 1 < n.layers)
      y = keep ? layout.output(saved->data(), n, layer) : saved->data() + layer % 2 * layout.between;
    for (int64_t d = 0; d < n.directions; ++d) {
      const int64_t i = layer * n.directions + d;
      run(n.cell, Forward{n.input_of(layer), n.hidden, directed(n.seq, d), weights_of(n, layer, d), x,
                          at(first, i * state), y + d * n.hidden, n.width(), at(results.last, i * state),
                          keep ? layout.cell(saved->data(), n, layer, d) : nullptr, n.threads});
    }
    x = n.inner(y);
  }
  return keep ? std::move(saved) : nullptr;
}

void backward(const Network& n, Rows x, const States& first, Rows y, float* saved,
              const OutputGradients& out, const InputGradients& in) {
  if (n.seq.rows == 0) return clear_weight_gradients(n, in);
  const Layout layout(n);
  // dx of one layer is dy of the one below; two buffers take turns.
  const Buffer between(n.layers > 1 ? 2 * layout.between : 0);
  const int64_t state = n.seq.batch * n.hidden;
  Rows dy = out.dy;
  for (int64_t layer = n.layers - 1; layer >= 0; --layer) {
    const Rows x_of = layer == 0 ? x : n.inner(layout.output(saved, n, layer - 1));
    const Rows y_of = layer + 1 == n.layers ? y : n.inner(layout.output(saved, n, layer));
    float* dx = layer == 0 ? in.dx : between.data() + layer % 2 * layout.between;
    for (int64_t d = 0; d < n.directions; ++d) {
      const int64_t i = layer * n.directions + d;
      float* const* g = in.weights.data() + i * 4;
      run(n.cell, Backward{n.input_of(layer), n.hidden, directed(n.seq, d), weights_of(n, layer, d), x_of,
                           at(first, i * state), y_of.from(d * n.hidden), dy.from(d * n.hidden),
                           at(out.dlast, i * state), layout.cell(saved, n, layer, d), dx, d == 1, g[0],
                           g[1], g[2], g[3], at(in.dfirst, i * state), n.threads});
    }
    dy = n.inner(dx);
  }
}

}  // namespace unrolled
