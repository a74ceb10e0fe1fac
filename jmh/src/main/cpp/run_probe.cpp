// What a run costs with PyTorch's own loader, and what the C calls alone do, in a fresh process:
//
//     run_probe HOW PACKAGE INPUTS OUTPUTS WARM_UP_MILLIS ITERATIONS ITERATION_MILLIS
//
// HOW is one of
//
//     loader             AOTIModelPackageLoader::run with its defaults
//     loader_inference   the same in c10::InferenceMode
//     single             constructed with run_single_threaded
//     single_inference
//     floor              the C calls that aoti4j's Runner makes, from C: a second handle to each input,
//     floor_single       Run or RunSingleThreaded, and the deletion of the outputs
//
// The answers are compared with OUTPUTS before anything is timed. Prints a line "ns NUMBER" for each
// iteration: the mean time of a run in it.

#include "answers.h"

#include <torch/csrc/inductor/aoti_package/model_package_loader.h>

#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/inductor/aoti_runtime/interface.h>
#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/csrc/inductor/aoti_torch/utils.h>

#include <dlfcn.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using torch::inductor::AOTIModelPackageLoader;

namespace {

using Clock = std::chrono::steady_clock;

// The tensors that are named "0", "1", and so on.
std::vector<at::Tensor> in_order(const std::string& path) {
  const auto named = read_safetensors(path);
  std::vector<at::Tensor> tensors;
  while (named.count(std::to_string(tensors.size()))) {
    tensors.push_back(named.at(std::to_string(tensors.size())));
  }
  return tensors;
}

void check_all(const std::vector<at::Tensor>& actual, const std::vector<at::Tensor>& expected) {
  if (actual.size() != expected.size() || expected.empty()) {
    throw std::runtime_error("wrong number of outputs");
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    check(actual[i], expected[i]);
  }
}

struct Timing {
  std::chrono::milliseconds warm_up;
  int iterations;
  std::chrono::milliseconds iteration;
};

// The clock is read once for about 20 microseconds of runs, or for each longer run.
template <class Run>
double mean_nanoseconds(const Run& run, Clock::duration duration, long& batch) {
  const auto start = Clock::now();
  const auto end = start + duration;
  long runs = 0;
  auto now = start;
  do {
    for (long i = 0; i < batch; ++i) {
      run();
    }
    runs += batch;
    now = Clock::now();
  } while (now < end);
  const double mean = std::chrono::duration<double, std::nano>(now - start).count() / runs;
  batch = std::max(1L, static_cast<long>(20'000 / mean));
  return mean;
}

template <class Run>
void measure(const Run& run, const Timing& timing) {
  long batch = 1;
  mean_nanoseconds(run, timing.warm_up / 2, batch);
  mean_nanoseconds(run, timing.warm_up / 2, batch);
  for (int i = 0; i < timing.iterations; ++i) {
    std::printf("ns %.2f\n", mean_nanoseconds(run, timing.iteration, batch));
  }
}

void probe_loader(
    const std::string& package, bool single, const std::vector<at::Tensor>& inputs,
    const std::vector<at::Tensor>& expected, const Timing& timing) {
  AOTIModelPackageLoader loader(package, "model", single);
  check_all(loader.run(inputs), expected);
  measure([&] { loader.run(inputs); }, timing);
}

// The model's library, unpacked; removed at the end.
class Library {
 public:
  explicit Library(const std::string& package) {
    caffe2::serialize::PyTorchStreamReader reader(package);
    for (const auto& record : reader.getAllRecords()) {
      if (record.size() > 11 && record.compare(record.size() - 11, 11, ".wrapper.so") == 0) {
        const auto [data, size] = reader.getRecord(record);
        std::ofstream(path_, std::ios::binary)
            .write(static_cast<const char*>(data.get()), static_cast<std::streamsize>(size));
      }
    }
    handle_ = dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
    unlink(path_.c_str());
    if (!handle_) {
      throw std::runtime_error(dlerror());
    }
  }

  template <class Function>
  Function* find(const char* name) const {
    auto* found = dlsym(handle_, name);
    if (!found) {
      throw std::runtime_error(std::string(name) + " is not in the model");
    }
    return reinterpret_cast<Function*>(found);
  }

 private:
  std::string path_ = "/tmp/run_probe_" + std::to_string(getpid()) + ".so";
  void* handle_ = nullptr;
};

void require(AOTIRuntimeError code, const char* what) {
  if (code != 0) {
    throw std::runtime_error(std::string(what) + " failed");
  }
}

void probe_floor(
    const std::string& package, bool single, const std::vector<at::Tensor>& inputs,
    const std::vector<at::Tensor>& expected, const Timing& timing) {
  const Library library(package);
  auto* create = library.find<decltype(AOTInductorModelContainerCreateWithDevice)>(
      "AOTInductorModelContainerCreateWithDevice");
  auto* run_model = library.find<decltype(AOTInductorModelContainerRun)>(
      single ? "AOTInductorModelContainerRunSingleThreaded" : "AOTInductorModelContainerRun");
  AOTInductorModelContainerHandle container = nullptr;
  require(create(&container, single ? 1 : 2, "cpu", nullptr), "create");

  std::vector<at::Tensor> owners = inputs;
  std::vector<AtenTensorHandle> bound;
  for (auto& tensor : owners) {
    bound.push_back(torch::aot_inductor::tensor_pointer_to_tensor_handle(&tensor));
  }
  std::vector<AtenTensorHandle> in(bound.size());
  std::vector<AtenTensorHandle> out(expected.size());
  const auto run = [&] {
    for (auto& output : out) {
      if (output) {
        aoti_torch_delete_tensor_object(output);
        output = nullptr;
      }
    }
    for (size_t i = 0; i < bound.size(); ++i) {
      aoti_torch_new_tensor_handle(bound[i], &in[i]);
    }
    require(
        run_model(container, in.data(), in.size(), out.data(), out.size(), nullptr, nullptr), "run");
  };
  run();
  std::vector<at::Tensor> actual;
  for (auto* output : out) {
    actual.push_back(*torch::aot_inductor::tensor_handle_to_tensor_pointer(output));
  }
  check_all(actual, expected);
  actual.clear();
  measure(run, timing);
}

void probe(char** arguments) {
  const std::string how = arguments[1];
  const std::string package = arguments[2];
  const auto inputs = in_order(arguments[3]);
  const auto expected = in_order(arguments[4]);
  const Timing timing = {
      std::chrono::milliseconds(std::stol(arguments[5])), std::stoi(arguments[6]),
      std::chrono::milliseconds(std::stol(arguments[7]))};
  const bool single = how.find("single") != std::string::npos;
  if (how.rfind("floor", 0) == 0) {
    probe_floor(package, single, inputs, expected, timing);
    return;
  }
  std::optional<c10::InferenceMode> mode;
  if (how.find("inference") != std::string::npos) {
    mode.emplace();
  }
  probe_loader(package, single, inputs, expected, timing);
}

} // namespace

int main(int count, char** arguments) {
  if (count != 8) {
    std::fprintf(
        stderr,
        "usage: run_probe HOW PACKAGE INPUTS OUTPUTS WARM_UP_MILLIS ITERATIONS ITERATION_MILLIS\n");
    return 2;
  }
  try {
    probe(arguments);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "run_probe: %s\n", e.what());
    return 1;
  }
}
