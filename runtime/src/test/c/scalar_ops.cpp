/*
 * An operator of fixtures/scalar_ops.py that takes numbers of any kind and has results of several
 * types: only C++ with PyTorch's headers can define it.
 */
#include <torch/library.h>

#include <stdexcept>
#include <tuple>
#include <vector>

namespace {

using Scalars = at::ArrayRef<at::Scalar>;

std::tuple<at::Tensor, int64_t, std::vector<at::Tensor>, std::optional<at::Tensor>> weigh(
        at::TensorList xs, const at::Scalar &by, Scalars factors,
        const std::optional<at::Scalar> &shift, const at::Scalar &scale, bool whole) {
    if (xs.size() != factors.size()) {
        throw std::runtime_error("as many factors as tensors, please");
    }
    std::vector<at::Tensor> parts;
    for (size_t i = 0; i < xs.size(); i++) {
        at::Tensor part = xs[i].mul(factors[i]);
        parts.push_back(shift ? part.add(*shift) : part);
    }
    at::Tensor total = parts[0];
    for (size_t i = 1; i < parts.size(); i++) {
        total = total.add(parts[i]);
    }
    total = total.mul(by).mul(scale);
    std::optional<at::Tensor> sum;
    if (whole) {
        sum = total.sum();
    }
    const char *how = std::getenv("SCALAR_OPS");
    if (how != nullptr) {
        switch (how[0]) {
            case 't': throw std::runtime_error("thrown on purpose");
            case 'o': throw 5;
            case 'm': parts.insert(parts.end(), 40, total); break;
            case 'f': parts.pop_back(); break;
            case 's': total = total.flatten(); break;
            case 'd': total = total.to(at::kDouble); break;
            case 'n': sum = std::nullopt; break;
        }
    }
    return {total, static_cast<int64_t>(how && how[0] == 'i' ? 99 : xs.size()), parts, sum};
}

} // namespace

TORCH_LIBRARY_FRAGMENT(demo, m) {
    m.def("weigh(Tensor[] xs, Scalar by, Scalar[] factors, Scalar? shift=None, *, Scalar scale=1.0,"
          " bool whole=False) -> (Tensor, int, Tensor[], Tensor?)");
    m.impl("weigh", c10::DispatchKey::CompositeExplicitAutograd, TORCH_FN(weigh));
}
