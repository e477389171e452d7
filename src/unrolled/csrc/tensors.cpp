#include "tensors.h"

#include <nanobind/ndarray.h>

#include <stdexcept>
#include <string>

namespace nb = nanobind;

namespace unrolled {
namespace {

// DLPack's table of C functions (its version 1.2, torch from 2.10 on), as far as it is used here: an
// address, a shape and strides, with the checks in `read`, in 0.2 us a tensor.
struct ExchangeTable {
  uint32_t major, minor;
  void* previous;
  void* allocate;
  void* from_object;
  void* to_object;
  int (*view_of)(void* tensor, nb::dlpack::dltensor* view);
  void* stream;
};

// Borrowed for good: torch is never unloaded.
struct Torch {
  PyTypeObject *tensor, *parameter;
  PyObject *float32, *int64, *strided;
  PyObject *is_neg, *dtype, *is_cpu, *layout, *shape, *stride, *data_ptr;  // names
  const ExchangeTable* table;  // null: an older torch
} torch;

const ExchangeTable* table_of(nb::handle tensor_type) {
  if (!nb::hasattr(tensor_type, "__dlpack_c_exchange_api__")) return nullptr;
  const nb::object capsule = tensor_type.attr("__dlpack_c_exchange_api__");
  const void* found = PyCapsule_GetPointer(capsule.ptr(), "dlpack_exchange_api");
  if (!found) PyErr_Clear();
  const auto* table = static_cast<const ExchangeTable*>(found);
  return table && table->major == 1 && table->view_of ? table : nullptr;
}

bool read_through_table(PyObject* tensor, View& view, Number number) {
  nb::dlpack::dltensor from;
  if (torch.table->view_of(tensor, &from) != 0) {
    PyErr_Clear();
    return false;
  }
  const bool floats = number == Number::kFloat32;
  const auto code = floats ? nb::dlpack::dtype_code::Float : nb::dlpack::dtype_code::Int;
  const bool is_asked = from.dtype.code == static_cast<uint8_t>(code) && from.dtype.lanes == 1 &&
                        from.dtype.bits == (floats ? 32 : 64);
  const int device = from.device.device_type;
  const bool is_ours = device == nb::device::cpu::value || device == nb::device::cuda_host::value;  // pinned
  if (!is_asked || !is_ours || from.ndim > View::kMost) return false;
  view.data = static_cast<char*>(from.data) + from.byte_offset;
  view.axes = from.ndim;
  for (int i = 0; i < from.ndim; ++i) {
    view.shape[i] = from.shape[i];
    view.strides[i] = from.strides[i];
  }
  return true;
}

nb::object taken(PyObject* result) {
  if (!result) throw nb::python_error();
  return nb::steal(result);
}

bool read_through_attributes(nb::handle tensor, View& view, Number number) {
  const auto attribute = [&](PyObject* name) { return taken(PyObject_GetAttr(tensor.ptr(), name)); };
  const auto call = [&](PyObject* name) { return taken(PyObject_CallMethodNoArgs(tensor.ptr(), name)); };
  PyObject* const asked = number == Number::kFloat32 ? torch.float32 : torch.int64;
  if (attribute(torch.dtype).ptr() != asked || attribute(torch.is_cpu).ptr() != Py_True ||
      attribute(torch.layout).ptr() != torch.strided)
    return false;
  const nb::object shape = attribute(torch.shape), strides = call(torch.stride);
  view.axes = static_cast<int>(nb::len(shape));
  if (view.axes > View::kMost) return false;
  for (int i = 0; i < view.axes; ++i) {
    view.shape[i] = nb::cast<int64_t>(shape[i]);
    view.strides[i] = nb::cast<int64_t>(strides[i]);
  }
  view.data = reinterpret_cast<void*>(nb::cast<uintptr_t>(call(torch.data_ptr)));
  return true;
}

std::string listed(const int64_t* sizes, int axes) {
  std::string text;
  for (int i = 0; i < axes; ++i) text += (i ? ", " : "") + std::to_string(sizes[i]);
  return "[" + text + "]";
}

// Reads what the kernels are to use; None is not looked at.
View view_of(nb::handle tensor, const Sizes& sizes) {
  View view;
  if (!read(tensor, view)) throw nb::buffer_error("a tensor is not a plain one of float32 on the CPU");
  if (!sizes.fit(view))
    throw std::runtime_error("the kernels expected a tensor of sizes " + listed(sizes.size, sizes.axes) +
                             ", got " + listed(view.shape, view.axes));
  return view;
}

Rows rows(nb::handle tensor, const Sizes& sizes, bool batch_first, View& view) {
  if (tensor.is_none()) return {nullptr, 0, 0};
  view = view_of(tensor, sizes);
  const int last = view.axes - 1;
  if (view.strides[last] != 1 && view.shape[last] != 1 && !view.empty())
    throw nb::buffer_error("a tensor's rows are not dense");
  if (view.axes == 2) return {view.floats(), view.strides[0], view.strides[0]};
  return {view.floats(), view.strides[batch_first ? 0 : 1], view.strides[batch_first ? 1 : 0]};
}

}  // namespace

bool View::empty() const {
  for (int i = 0; i < axes; ++i)
    if (shape[i] == 0) return true;
  return false;
}

bool View::dense() const {
  if (empty()) return true;
  int64_t expected = 1;
  for (int i = axes; i-- > 0;) {
    if (shape[i] == 1) continue;
    if (strides[i] != expected || __builtin_mul_overflow(expected, shape[i], &expected)) return false;
  }
  return true;
}

bool Sizes::fit(const View& view) const {
  int left_out = view.axes == axes ? axes : -1;
  for (int i = 0; view.axes == axes - 1 && i < axes; ++i)
    if (missing[i] && size[i] == 1) left_out = i;
  if (left_out < 0) return false;
  for (int i = 0, of_view = 0; i < axes; ++i)
    if (i != left_out && view.shape[of_view++] != size[i]) return false;
  return true;
}

bool read(nb::handle tensor, View& view, Number number) {
  const PyTypeObject* type = Py_TYPE(tensor.ptr());
  if (type != torch.tensor && type != torch.parameter) return false;
  if (taken(PyObject_CallMethodNoArgs(tensor.ptr(), torch.is_neg)).ptr() != Py_False) return false;
  if (!(torch.table ? read_through_table(tensor.ptr(), view, number)
                    : read_through_attributes(tensor, view, number)))
    return false;
  return view.data || view.empty();  // torch has zeros which take no memory
}

float* dense(nb::handle tensor, const Sizes& sizes) {
  if (tensor.is_none()) return nullptr;
  const View view = view_of(tensor, sizes);
  if (!view.dense()) throw nb::buffer_error("a tensor is not dense");
  return view.floats();
}

Rows rows(nb::handle tensor, const Sizes& sizes, bool batch_first) {
  View view;
  return rows(tensor, sizes, batch_first, view);
}

float* time_major(nb::handle tensor, const Sizes& sizes, const Sequence& seq, bool batch_first) {
  View view;
  const Rows found = rows(tensor, sizes, batch_first, view);
  if (!found.p || seq.rows == 0) return const_cast<float*>(found.p);
  const int64_t width = view.shape[view.axes - 1];
  const bool one_row = seq.batch == 1 && !seq.offsets, one_step = seq.steps == 1 || seq.offsets;
  if ((!one_row && found.row != width) || (!one_step && found.step != seq.batch * width))
    throw nb::buffer_error("a result is not laid out as (T, B, ...)");
  return const_cast<float*>(found.p);
}

void find_torch() {
  const nb::module_ module = nb::module_::import_("torch");
  const auto borrowed = [](nb::object found) { return found.release().ptr(); };
  const auto name = [](const char* text) { return PyUnicode_InternFromString(text); };
  const nb::object tensor = module.attr("Tensor");
  torch.tensor = reinterpret_cast<PyTypeObject*>(borrowed(tensor));
  torch.parameter = reinterpret_cast<PyTypeObject*>(borrowed(module.attr("nn").attr("Parameter")));
  torch.float32 = borrowed(module.attr("float32"));
  torch.int64 = borrowed(module.attr("int64"));
  torch.strided = borrowed(module.attr("strided"));
  torch.is_neg = name("is_neg"), torch.dtype = name("dtype"), torch.is_cpu = name("is_cpu");
  torch.layout = name("layout"), torch.shape = name("shape"), torch.stride = name("stride");
  torch.data_ptr = name("data_ptr");
  torch.table = table_of(tensor);
}

}  // namespace unrolled
