// How long a run takes with PyTorch's loader from C++, from the launch to the result on the device:
//
//     run_loader PACKAGE DEVICE SECONDS SIZE [SIZE ...]
//
// on one float32 input of zeros of these sizes. Prints the median in nanoseconds of the loader as it is
// by default and of the one for one thread; "copies" from pinned memory of the CPU to the CPU.

#include <torch/csrc/api/include/torch/cuda.h>
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

using Clock = std::chrono::steady_clock;

static long long median(
    const std::string& package,
    bool single,
    bool copies,
    const at::Tensor& input,
    double seconds) {
  torch::inductor::AOTIModelPackageLoader loader(package, "model", single);
  const bool cuda = input.is_cuda();
  const at::Tensor pinned = copies ? input.cpu().pin_memory() : input;
  auto run = [&] {
    if (copies) {
      for (const auto& output : loader.run({pinned.to(input.device(), true)})) {
        output.cpu();
      }
      return;
    }
    loader.run({input});
    if (cuda) {
      torch::cuda::synchronize();
    }
  };
  for (int i = 0; i < 50; ++i) {
    run();
  }
  std::vector<long long> times;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < end || times.size() < 10) {
    const auto start = Clock::now();
    run();
    times.push_back(std::chrono::nanoseconds(Clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

int main(int argc, char** argv) {
  const std::string package = argv[1];
  std::vector<int64_t> sizes;
  for (int i = 4; i < argc; ++i) {
    sizes.push_back(std::stoll(argv[i]));
  }
  const at::Tensor input = at::zeros(sizes).to(at::Device(argv[2]));
  const double seconds = std::stod(argv[3]);
  for (const bool single : {false, true}) {
    const char* name = single ? "cpp_single" : "cpp";
    std::printf("%s\t%lld\n", name, median(package, single, false, input, seconds));
    if (input.is_cuda()) {
      std::printf("%s_copies\t%lld\n", name, median(package, single, true, input, seconds));
    }
  }
  return 0;
}
