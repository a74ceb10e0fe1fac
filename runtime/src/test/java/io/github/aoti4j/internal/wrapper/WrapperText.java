package io.github.aoti4j.internal.wrapper;

import java.util.ArrayList;
import java.util.List;

/** Writes source in the form of PyTorch's wrappers, as much of it as the parser looks at. */
public final class WrapperText {
    private final List<String> constructor = new ArrayList<>();
    private final StringBuilder checks = new StringBuilder();
    private final List<String> prologue = new ArrayList<>();
    private final List<String> body = new ArrayList<>();
    private final int outputs;
    private int inputs;
    private int constants;

    public WrapperText() {
        this(1);
    }

    WrapperText(int outputs) {
        this.outputs = outputs;
        for (int i = 0; i < outputs; i++) {
            constructor.add("outputs_info_[%d].name = \"output%d\";".formatted(i, i));
        }
    }

    /** The next input: its name, dtype and the conditions under which its check throws. */
    public WrapperText input(String name, String dtype, String... conditions) {
        constructor.add("inputs_info_[%d].name = \"%s\";".formatted(inputs, name));
        checks.append(
                """
                AOTI_NOINLINE static void check_input_%1$d(AtenTensorHandle* input_handles) {
                    ConstantHandle %2$s = ConstantHandle(input_handles[%1$d]);
                    int32_t %2$s_dtype;
                    int32_t %2$s_expected_dtype = aoti_torch_dtype_%3$s();
                    if (%2$s_expected_dtype != %2$s_dtype) {
                        throw std::runtime_error("unmatched dtype < 5");
                    }
                    auto %2$s_size = %2$s.sizes();
                    auto %2$s_stride = %2$s.strides();
                """
                        .formatted(inputs, name, dtype));
        for (String condition : conditions) {
            checks.append("    if (")
                    .append(condition)
                    .append(") {\n        throw std::runtime_error(\"no\");\n    }\n");
        }
        checks.append(
                """
                    int32_t %1$s_device_type;
                    int32_t %1$s_expected_device_type = 0;
                }
                """
                        .formatted(name));
        prologue.add("auto %s = std::move(inputs[%d]);".formatted(name, inputs));
        inputs++;
        return this;
    }

    /** A line of the constructor that describes the next constant, after the previous ones. */
    WrapperText constant(String... lines) {
        for (String line : lines) {
            constructor.add("constants_info_[%d].%s".formatted(constants, line));
        }
        constants++;
        return this;
    }

    WrapperText constructor(String line) {
        constructor.add(line);
        return this;
    }

    public WrapperText prologue(String line) {
        prologue.add(line);
        return this;
    }

    public WrapperText body(String line) {
        body.add(line);
        return this;
    }

    /** What an input must look like when it is used. */
    public WrapperText asserted(String name, String sizes, String strides) {
        return body(
                "if (_check_aoti_runtime_check_inputs_env()) { assert_size_stride(%s, %s, %s, \"input\"); }"
                        .formatted(name, sizes, strides));
    }

    public String text() {
        return """
        #include <torch/csrc/inductor/aoti_runtime/interface.h>
        // AOTInductorModelBase(7, 7, 7, in a comment
        #define NOT_CODE(x) \\
            AOTInductorModelBase(8, 8, 8, x)
        namespace torch::aot_inductor {
        AOTInductorModel::AOTInductorModel(const std::string& device_str)
            : AOTInductorModelBase(%d,
                                   %d,
                                   %d,
                                   device_str,
                                   true) {
            %s
        }
        %s
        static bool _check_aoti_runtime_check_inputs_env() { return true; }
        void AOTInductorModel::run_impl(AtenTensorHandle* input_handles) {
            __check_inputs_outputs(input_handles, output_handles);
            auto inputs = steal_from_raw_handles_to_raii_handles(input_handles, %d);
            %s
            inputs.clear();
            %s
            output_handles[0] = buf0.release();
        } // AOTInductorModel::run_impl
        }
        """
                .formatted(
                        inputs,
                        outputs,
                        constants,
                        String.join("\n    ", constructor),
                        checks,
                        inputs,
                        String.join("\n    ", prologue),
                        String.join("\n    ", body));
    }

    public WrapperSource parse() {
        return WrapperSource.parse(text()).orElseThrow();
    }
}
