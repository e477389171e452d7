// Every cell that has kernels: a new one is its header and its name in the list.
// tests/layers/test_catalogue.py holds this list against layers/catalogue.py.
#pragma once
#include "gru.h"
#include "lstm.h"
#include "rnn.h"

namespace unrolled {
namespace UNROLLED_ISA {

template <class... Cell>
struct List {};

using Cells = List<Rnn<false>, Rnn<true>, Gru, Lstm>;

}  // namespace UNROLLED_ISA
}  // namespace unrolled
