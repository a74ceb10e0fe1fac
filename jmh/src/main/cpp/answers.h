// Reads the inputs and the expected outputs of the probes.

#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <fstream>
#include <regex>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

using Tensors = std::unordered_map<std::string, at::Tensor>;

inline std::vector<int64_t> numbers(const std::string& text) {
  std::vector<int64_t> found;
  static const std::regex number("[0-9]+");
  for (std::sregex_iterator at(text.begin(), text.end(), number), end; at != end; ++at) {
    found.push_back(std::stoll(at->str()));
  }
  return found;
}

// Reads the float32 and int64 tensors of a file that the benchmark or the fixtures' script wrote.
inline Tensors read_safetensors(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  in.exceptions(std::ios::failbit | std::ios::badbit);
  uint64_t length = 0;
  in.read(reinterpret_cast<char*>(&length), sizeof length);
  std::string header(length, '\0');
  in.read(header.data(), static_cast<std::streamsize>(length));
  static const std::regex entry(
      R"re("([^"]+)":\{"dtype":"(F32|I64)","shape":\[([0-9,]*)\],"data_offsets":\[([0-9]+),([0-9]+)\]\})re");
  Tensors tensors;
  for (std::sregex_iterator at(header.begin(), header.end(), entry), end; at != end; ++at) {
    const auto dtype = (*at)[2] == "F32" ? at::kFloat : at::kLong;
    auto tensor = at::empty(numbers((*at)[3]), dtype);
    in.seekg(static_cast<std::streamoff>(sizeof length + length + std::stoull((*at)[4])));
    in.read(static_cast<char*>(tensor.data_ptr()), static_cast<std::streamsize>(tensor.nbytes()));
    tensors.emplace((*at)[1], tensor);
  }
  return tensors;
}

// Throws if an output differs from the expected one.
inline void check(const at::Tensor& actual, const at::Tensor& expected) {
  const auto largest = expected.abs().max().item<float>();
  const auto difference = (actual - expected).abs().max().item<float>();
  if (!(difference <= 1e-4f * largest)) {
    throw std::runtime_error("wrong answer, off by " + std::to_string(difference));
  }
}
