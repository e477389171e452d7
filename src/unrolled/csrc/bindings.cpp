// What Python sees. Here calls are only checked, for what would make the kernels read astray, and made.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "dispatch.h"
#include "network.h"
#include "tensors.h"

namespace nb = nanobind;
using namespace unrolled;

namespace {

// A layer's shape, fixed when it is made.
struct Shape {
  int number;  // of the cell, the same for every instruction set
  int64_t input, hidden, layers, directions;
  bool biased, batch_first;
  Shape(const std::string& cell, int64_t input, int64_t hidden, int64_t layers, int64_t directions,
        bool biased, bool batch_first)
      : number(find_cell(cell)), input(input), hidden(hidden), layers(layers), directions(directions),
        biased(biased), batch_first(batch_first) {
    if (number < 0) throw std::invalid_argument("Shape: there are no kernels of a cell " + cell);
    if (input < 1 || hidden < 1 || layers < 1 || directions < 1 || directions > 2)
      throw std::invalid_argument("Shape: directions must be 1 or 2, all sizes positive");
  }
  const CellKernels& cell() const { return kernels().cells[number]; }
  size_t weights_a_cell() const { return biased ? 4 : 2; }

  // Whether weights, inputs (no PackedSequence) and state are what the kernels take. A quick yes: why
  // not, layers/native_support.py says in words.
  bool takes(const nb::list& weights, nb::handle x, nb::handle state) const {
    View inputs;
    if (!read(x, inputs) || inputs.axes < 2 || inputs.shape[inputs.axes - 1] != input) return false;
    const bool batched = inputs.axes == 3;
    if (inputs.shape[batched && batch_first ? 1 : 0] == 0) return false;
    const int64_t batch = batched ? inputs.shape[batch_first ? 0 : 1] : -1;
    return takes_weights(weights) && takes_state(state, batch);
  }

  bool takes_weights(const nb::list& weights) const {
    const size_t cells = static_cast<size_t>(layers * directions), each = weights_a_cell();
    if (weights.size() != cells * each) return false;
    const int64_t rows = cell().gates * hidden;
    for (size_t i = 0; i < weights.size(); ++i) {
      View w;
      const bool matrix = i % each < 2;
      if (!read(weights[i], w) || w.axes != (matrix ? 2 : 1) || w.shape[0] != rows) return false;
      const int64_t width = i / each < static_cast<size_t>(directions) ? input : directions * hidden;
      if (matrix && w.shape[1] != (i % each == 0 ? width : hidden)) return false;
    }
    return true;
  }

  // batch: -1 for a row without a batch.
  bool takes_state(nb::handle state, int64_t batch) const {
    if (state.is_none()) return true;
    const int count = cell().states;
    if (count == 1) return is_state(state, batch);
    if (!nb::isinstance<nb::tuple>(state) && !nb::isinstance<nb::list>(state)) return false;
    if (nb::len(state) != static_cast<size_t>(count)) return false;
    for (int i = 0; i < count; ++i)
      if (!is_state(state[i], batch)) return false;
    return true;
  }
  bool is_state(nb::handle tensor, int64_t batch) const {
    View h;
    if (!read(tensor, h) || h.axes != (batch < 0 ? 2 : 3)) return false;
    return h.shape[0] == layers * directions && h.shape[h.axes - 1] == hidden &&
           (batch < 0 || h.shape[1] == batch);
  }
};

// The rows of a batch, step after step; `sizes` is the address of (T) int64, or 0 when all are B.
struct Steps {
  Sequence seq;
  std::vector<int64_t> sizes, offsets;
  Steps(int64_t steps, int64_t batch, uintptr_t address) {
    if (steps < 1 || batch < 0) throw std::invalid_argument("Steps: needs a step and no negative batch");
    seq = Sequence{steps, batch, steps * batch, nullptr, nullptr, false};
    if (!address) return;
    const auto* given = reinterpret_cast<const int64_t*>(address);
    sizes.assign(given, given + steps);
    seq.rows = 0;
    for (int64_t t = 0; t < steps; ++t) {
      if (sizes[t] < 1 || sizes[t] > (t ? sizes[t - 1] : batch))
        throw std::invalid_argument("Steps: batch sizes must be positive and never rise");
      offsets.push_back(seq.rows);
      seq.rows += sizes[t];
    }
    if (sizes[0] != batch) throw std::invalid_argument("Steps: the first batch size is not the batch");
    seq.sizes = sizes.data();
    seq.offsets = offsets.data();
  }
  Steps(const Steps&) = delete;
};

// Four to a layer and direction, the last two null without a bias; None for what is not wanted.
std::vector<float*> cell_weights(const Shape& s, const nb::list& tensors) {
  const size_t each = s.weights_a_cell();
  if (tensors.size() != static_cast<size_t>(s.layers * s.directions) * each)
    throw std::invalid_argument("a layer of this shape has another number of weights");
  std::vector<float*> made;
  for (size_t i = 0; i < tensors.size(); ++i) {
    made.push_back(dense(tensors[i]));
    if (each == 2 && i % 2) made.insert(made.end(), 2, nullptr);
  }
  return made;
}

Network network(const Shape& s, const Steps& steps, const nb::list& weights, int threads) {
  return Network{s.cell(), s.input, s.hidden, s.layers, s.directions, steps.seq,
                 cell_weights(s, weights), usable_threads(threads)};
}

// The tensors of a state after the first `skipped` of a tuple, which holds nothing else.
StateResults states_in(const Shape& s, const nb::tuple& tensors, size_t skipped = 0) {
  const size_t count = static_cast<size_t>(s.cell().states);
  if (tensors.size() != skipped + count)
    throw std::invalid_argument("a cell of this shape has another number of states");
  StateResults found{};
  for (size_t i = 0; i < count; ++i) found[i] = dense(tensors[skipped + i]);
  return found;
}
States read_only(const StateResults& tensors) {
  States found{};
  std::copy(tensors.begin(), tensors.end(), found.begin());
  return found;
}

// A buffer of the pool as a tensor of its own, which gives it back when it goes. Autograd frees what
// was saved with its other tensors; results so large are spared a page fault every 4 KB.
nb::object as_tensor(std::unique_ptr<Buffer> buffer, const std::vector<size_t>& shape,
                     const std::vector<int64_t>& strides) {
  if (shape.size() != strides.size())
    throw std::invalid_argument("a tensor needs as many strides as axes");
  float* data = buffer->data();
  const nb::capsule owner(buffer.release(), [](void* p) noexcept { delete static_cast<Buffer*>(p); });
  return nb::cast(
      nb::ndarray<nb::pytorch, float>(data, shape.size(), shape.data(), owner, strides.data()));
}

nb::object empty(const std::vector<size_t>& shape, const std::vector<int64_t>& strides) {
  int64_t floats = 1;
  for (const size_t n : shape) floats *= static_cast<int64_t>(n);
  return as_tensor(std::make_unique<Buffer>(floats), shape, strides);
}

// The cells that have kernels: name, gates, tensors of the state.
std::vector<std::tuple<std::string, int, int>> cells() {
  std::vector<std::tuple<std::string, int, int>> found;
  for (int i = 0; i < kernels().cell_count; ++i) {
    const CellKernels& cell = kernels().cells[i];
    found.emplace_back(cell.name, cell.gates, cell.states);
  }
  return found;
}

std::vector<float> elementary(const std::vector<float>& x) {
  std::vector<float> out(3 * x.size());
  kernels().elementary(x.data(), static_cast<int64_t>(x.size()), out.data());
  return out;
}

}  // namespace

NB_MODULE(_kernels, m) {
  // Autograd graphs and caches that live to the end of the program are no leaks.
  nb::set_leak_warnings(false);
  find_torch();
  nb::class_<Shape>(m, "Shape")
      .def(nb::init<const std::string&, int64_t, int64_t, int64_t, int64_t, bool, bool>())
      .def("takes", &Shape::takes, nb::arg("weights"), nb::arg("x"), nb::arg("state").none());
  nb::class_<Steps>(m, "Steps")
      .def(nb::init<int64_t, int64_t, uintptr_t>())
      .def_prop_ro("rows", [](const Steps& s) { return s.seq.rows; });

  // states: the first of each, h to begin with. results: y, then the last of each.
  m.def(
      "forward",
      [](const Shape& shape, const Steps& steps, const nb::list& weights, nb::handle x, const nb::tuple& states,
         const nb::tuple& results, bool keep, int threads) {
        const Network n = network(shape, steps, weights, threads);
        const Rows from = rows(x, shape.batch_first);
        const States first = read_only(states_in(shape, states));
        const StateResults last = states_in(shape, results, 1);
        const Results to{time_major(results[0], n.seq, shape.batch_first), last};
        std::unique_ptr<Buffer> saved;
        {
          const nb::gil_scoped_release release;
          saved = forward(n, from, first, to, keep);
        }
        if (!saved) return nb::object(nb::none());
        const size_t floats = static_cast<size_t>(saved->bytes()) / sizeof(float);
        return as_tensor(std::move(saved), {floats}, {1});
      },
      nb::arg("shape"), nb::arg("steps"), nb::arg("weights"), nb::arg("x"), nb::arg("states"),
      nb::arg("results"), nb::arg("keep"), nb::arg("threads"));

  // given: dy, then the gradients of the last states. wanted: dx, then those of the first.
  m.def(
      "backward",
      [](const Shape& shape, const Steps& steps, const nb::list& weights, nb::handle x, const nb::tuple& states,
         nb::handle y, nb::handle saved, const nb::tuple& given, const nb::tuple& wanted,
         const nb::list& weight_gradients, int threads) {
        const Network n = network(shape, steps, weights, threads);
        const bool batch_first = shape.batch_first;
        const Rows from = rows(x, batch_first), outputs = rows(y, batch_first);
        const States first = read_only(states_in(shape, states));
        const States dlast = read_only(states_in(shape, given, 1));
        const StateResults dfirst = states_in(shape, wanted, 1);
        const OutputGradients out{rows(given[0], batch_first), dlast};
        const InputGradients in{time_major(wanted[0], n.seq, batch_first), dfirst,
                                cell_weights(shape, weight_gradients)};
        float* const values = dense(saved);
        const nb::gil_scoped_release release;
        backward(n, from, first, outputs, values, out, in);
      },
      nb::arg("shape"), nb::arg("steps"), nb::arg("weights"), nb::arg("x"), nb::arg("states"),
      nb::arg("y"), nb::arg("saved"), nb::arg("given"), nb::arg("wanted"), nb::arg("weight_gradients"),
      nb::arg("threads"));

  m.def("cells", &cells);
  m.def("empty", &empty, nb::arg("shape"), nb::arg("strides"));
  m.def("isa", [] { return std::string(kernels().name); });
  m.def("built_isas", &built_isas);
  m.def("supported_isas", &supported_isas);
  m.def("choose_isa", &choose_isa, nb::arg("name"));
  m.def("cpu_features", &cpu_features);
  m.def("elementary", &elementary, nb::arg("x"));
  m.def("free_buffer_bytes", &free_buffer_bytes);
  m.def("release_free_buffers", &release_free_buffers);
  m.attr("build") = UNROLLED_BUILD;
}
