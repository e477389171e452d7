// A call's sizes, and its tensors held against them: the border that nothing crosses unchecked.
#pragma once
#include <nanobind/nanobind.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "dispatch.h"
#include "network.h"
#include "tensors.h"

namespace unrolled {

namespace nb = nanobind;

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
  int64_t width() const { return directions * hidden; }
  const CellKernels& cell() const { return kernels().cells[number]; }
  size_t weights_a_cell() const { return biased ? 4 : 2; }
  size_t weight_count() const { return static_cast<size_t>(layers * directions) * weights_a_cell(); }

  // Whether weights, inputs (no PackedSequence) and state are what the kernels take. A quick yes: why
  // not, layers/native_support.py says in words.
  bool takes(const nb::list& weights, nb::handle x, nb::handle state) const {
    View inputs;
    if (!read(x, inputs) || inputs.axes < 2 || inputs.shape[inputs.axes - 1] != input) return false;
    const bool batched = inputs.axes == 3;
    if (inputs.shape[batched && batch_first ? 1 : 0] == 0) return false;
    const int64_t cells = layers * directions;
    const Sizes of_state = batched ? Sizes{3, {cells, inputs.shape[batch_first ? 0 : 1], hidden}}
                                   : Sizes{2, {cells, hidden}};
    return takes_weights(weights) && takes_state(state, of_state);
  }

  // The same for one step of a cell: x (B, I), and each of a state (B, H).
  bool takes_step(const nb::list& weights, nb::handle x, nb::handle state) const {
    View inputs;
    return read(x, inputs) && inputs.axes == 2 && inputs.shape[0] > 0 && inputs.shape[1] == input &&
           takes_weights(weights) && takes_state(state, {2, {inputs.shape[0], hidden}});
  }

  bool takes_weights(const nb::list& weights) const {
    if (weights.size() != weight_count()) return false;
    for (size_t i = 0; i < weights.size(); ++i) {
      View w;
      if (!read(weights[i], w) || !weight(i).fit(w)) return false;
    }
    return true;
  }

  // Of the i-th weight, in torch's order.
  Sizes weight(size_t i) const {
    const size_t each = weights_a_cell();
    const int64_t rows = cell().gates * hidden;
    const int64_t width = i / each < static_cast<size_t>(directions) ? input : directions * hidden;
    if (i % each >= 2) return {1, {rows}};
    return {2, {rows, i % each == 0 ? width : hidden}};
  }

  bool takes_state(nb::handle state, const Sizes& sizes) const {
    const auto is_part = [&sizes](nb::handle tensor) {
      View h;
      return read(tensor, h) && sizes.fit(h);
    };
    if (state.is_none()) return true;
    const int count = cell().states;
    if (count == 1) return is_part(state);
    if (!nb::isinstance<nb::tuple>(state) && !nb::isinstance<nb::list>(state)) return false;
    if (nb::len(state) != static_cast<size_t>(count)) return false;
    for (int i = 0; i < count; ++i)
      if (!is_part(state[i])) return false;
    return true;
  }
};

// The rows of a batch, step after step: as many at each, or as many as batch_sizes says.
struct Steps {
  Sequence seq;
  std::vector<int64_t> sizes, offsets;

  Steps(int64_t steps, int64_t batch) {
    if (steps < 1 || batch < 0) throw std::invalid_argument("Steps: needs a step and no negative batch");
    seq = Sequence{steps, batch, count({steps, batch}), nullptr, nullptr, false};
  }

  // (T) int64 as a PackedSequence has them. A trailing 0 is a step without rows: nothing to run.
  explicit Steps(nb::handle batch_sizes) {
    View view;
    if (!read(batch_sizes, view, Number::kInt64) || view.axes != 1)
      throw std::invalid_argument("batch_sizes must be one axis of int64 on the CPU");
    for (int64_t t = 0; t < view.shape[0]; ++t)
      sizes.push_back(static_cast<const int64_t*>(view.data)[t * view.strides[0]]);
    while (!sizes.empty() && sizes.back() == 0) sizes.pop_back();
    if (sizes.empty()) throw std::invalid_argument("batch_sizes have no row");
    seq = Sequence{static_cast<int64_t>(sizes.size()), sizes[0], 0, nullptr, nullptr, false};
    for (size_t t = 0; t < sizes.size(); ++t) {
      if (sizes[t] < 1 || sizes[t] > sizes[t ? t - 1 : 0])
        throw std::invalid_argument("batch_sizes must be positive and never rise");
      offsets.push_back(seq.rows);
      if (__builtin_add_overflow(seq.rows, sizes[t], &seq.rows))
        throw std::invalid_argument("batch_sizes are more rows than 64 bits can count");
    }
    seq.sizes = sizes.data();
    seq.offsets = offsets.data();
  }
  Steps(const Steps&) = delete;
};

// One call: reads its tensors, each held against the sizes that the layer and the steps ask for.
struct Call {
  const Shape& shape;
  const Sequence& seq;

  Sizes row_sizes(int64_t width) const {
    if (seq.offsets) return {2, {seq.rows, width}};
    if (shape.batch_first) return {3, {seq.batch, seq.steps, width}, {true}};
    return {3, {seq.steps, seq.batch, width}, {false, true}};
  }
  Rows inputs(nb::handle x) const { return rows(x, row_sizes(shape.input), shape.batch_first); }
  Rows outputs(nb::handle y) const { return rows(y, row_sizes(shape.width()), shape.batch_first); }
  float* input_result(nb::handle dx) const {
    return time_major(dx, row_sizes(shape.input), seq, shape.batch_first);
  }
  float* output_result(nb::handle y) const {
    return time_major(y, row_sizes(shape.width()), seq, shape.batch_first);
  }

  // Four to a layer and direction, the last two null without a bias; None for what is not wanted.
  std::vector<float*> weights(const nb::tuple& tensors) const {
    if (tensors.size() != shape.weight_count())
      throw std::invalid_argument("a layer of this shape has another number of weights");
    std::vector<float*> made;
    for (size_t i = 0; i < tensors.size(); ++i) {
      made.push_back(dense(tensors[i], shape.weight(i)));
      if (!shape.biased && i % 2) made.insert(made.end(), 2, nullptr);
    }
    return made;
  }

  // The tensors of a state after the first `skipped` of a tuple, which holds nothing else.
  StateResults states(const nb::tuple& tensors, size_t skipped = 0) const {
    const size_t number = static_cast<size_t>(shape.cell().states);
    if (tensors.size() != skipped + number)
      throw std::invalid_argument("a cell of this shape has another number of states");
    const Sizes sizes{3, {shape.layers * shape.directions, seq.batch, shape.hidden}, {true, true}};
    StateResults found{};
    for (size_t i = 0; i < number; ++i) found[i] = dense(tensors[skipped + i], sizes);
    return found;
  }

  Network network(const nb::tuple& tensors, int threads) const {
    Network made{shape.cell(), shape.input, shape.hidden, shape.layers, shape.directions, seq,
                 weights(tensors), usable_threads(threads)};
    for (size_t i = 0; i < made.weights.size(); ++i)
      if (shape.biased || i % 4 < 2) there(made.weights[i]);
    return made;
  }

  // What the kernels use unasked.
  void there(const void* data) const {
    if (!data && seq.rows > 0) throw std::invalid_argument("a tensor that the kernels need is None");
  }
};

States read_only(const StateResults& tensors) {
  States found{};
  std::copy(tensors.begin(), tensors.end(), found.begin());
  return found;
}

}  // namespace unrolled
