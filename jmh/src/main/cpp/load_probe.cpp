// What loading and the first run cost with PyTorch's own loader, in a fresh process:
//
//     load_probe PACKAGE INPUTS OUTPUTS [WEIGHTS]
//
// INPUTS and OUTPUTS are safetensors files of one tensor each. Weights that are not in the package's
// library or blob are read by functions of PyTorch and passed without another copy, as its Python
// loader does (load_pt2(load_weights_from_disk=True)): those in data/weights by torch::pickle_load.
// PyTorch has no reader for safetensors: WEIGHTS, such a file, is read straight into tensors.
//
// Prints the same lines as LoadProbe.java.

#include "answers.h"

#include <torch/csrc/inductor/aoti_package/model_package_loader.h>

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/pickle.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <regex>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

using torch::inductor::AOTIModelPackageLoader;

namespace {

// Reads a number from a /proc file.
long long proc(const char* file, const std::string& name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(name + ":", 0) == 0) {
      return std::stoll(line.substr(name.size() + 1));
    }
  }
  throw std::runtime_error(name + " is not in " + file);
}

void report(const char* name, long long value) {
  std::printf("%s %lld\n", name, value);
  std::fflush(stdout);
}

void report_memory(const std::string& when) {
  report(("anon_kib_" + when).c_str(), proc("/proc/self/status", "RssAnon"));
}

class Timer {
 public:
  long long nanoseconds() const {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Reads the weights in data/weights. The benchmark's weights are whole storages, without views: only
// the names in weights_config.json matter.
Tensors read_packaged(const std::string& package) {
  caffe2::serialize::PyTorchStreamReader reader(package);
  const auto read = [&reader](const std::string& record) {
    std::vector<char> bytes(reader.getRecordSize(record));
    reader.getRecord(record, bytes.data(), bytes.size());
    return bytes;
  };
  const std::string config = "data/aotinductor/model/weights_config.json";
  Tensors tensors;
  if (!reader.hasRecord(config)) {
    return tensors;
  }
  const auto json = read(config);
  static const std::regex entry(R"re("([^"]+)": ?\["([^"]+)")re");
  for (std::cregex_iterator at(json.data(), json.data() + json.size(), entry), end; at != end; ++at) {
    const auto bytes = read("data/weights/" + (*at)[2].str());
    tensors.emplace((*at)[1], torch::pickle_load(bytes).toTensor());
  }
  return tensors;
}

std::unique_ptr<AOTIModelPackageLoader> load(const std::string& package, const char* weights) {
  auto loader = std::make_unique<AOTIModelPackageLoader>(package, "model", true);
  auto tensors = weights ? read_safetensors(weights) : read_packaged(package);
  if (!tensors.empty()) {
    loader->load_constants(tensors, false, true, true);
  }
  return loader;
}

void probe(int count, char** arguments) {
  const std::string package = arguments[1];
  const std::vector<at::Tensor> inputs = {read_safetensors(arguments[2]).at("0")};
  const auto expected = read_safetensors(arguments[3]).at("0");
  const char* weights = count > 4 ? arguments[4] : nullptr;

  report_memory("start");
  report_memory("libtorch"); // the system's loader has loaded it
  const auto written = proc("/proc/self/io", "wchar");
  const Timer loading;
  const auto first = load(package, weights);
  report("load_ns", loading.nanoseconds());
  report("written_bytes", proc("/proc/self/io", "wchar") - written);
  report_memory("load");
  const Timer running;
  const auto outputs = first->run(inputs);
  report("run_ns", running.nanoseconds());
  report_memory("run");
  check(outputs[0], expected);

  const auto before = proc("/proc/self/status", "RssAnon");
  const auto second = load(package, weights);
  check(second->run(inputs)[0], expected);
  report("anon_kib_second", proc("/proc/self/status", "RssAnon") - before);
}

} // namespace

int main(int count, char** arguments) {
  if (count < 4 || count > 5) {
    std::fprintf(stderr, "usage: load_probe PACKAGE INPUTS OUTPUTS [WEIGHTS]\n");
    return 2;
  }
  try {
    probe(count, arguments);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "load_probe: %s\n", e.what());
    return 1;
  }
}
