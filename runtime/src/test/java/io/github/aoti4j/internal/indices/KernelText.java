package io.github.aoti4j.internal.indices;

import io.github.aoti4j.internal.wrapper.WrapperSource;
import io.github.aoti4j.internal.wrapper.WrapperText;

import java.util.List;

/** Writes a kernel and the wrapper that calls it, in the form of PyTorch's. */
public final class KernelText {
    /** A loop over the elements of {@code arg0_1}, which is an {@code int64_t[ks0]}. */
    public static final String LOOP =
            "for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(ks0);"
                    + " x0+=static_cast<int64_t>(1L))\n";

    private KernelText() {}

    /** A kernel {@code lookup(in_ptr0, in_ptr1, out_ptr0, ks0, ks1)} with this body. */
    public static String kernel(String body) {
        return kernel("const int64_t", body);
    }

    /** The same with another type of the first pointer. */
    public static String kernel(String type, String body) {
        return """
        #include <torch/csrc/inductor/cpp_prefix.h>
        extern "C"  void  lookup(%s* in_ptr0,
                               const int64_t* in_ptr1,
                               float* out_ptr0,
                               const int64_t ks0,
                               const int64_t ks1)
        {
            #pragma omp parallel num_threads(2)
            {
        %s
            }
        }
        """
                .formatted(type, body);
    }

    /** A wrapper with the inputs {@code arg0_1}, of sizes s0 and s1, and {@code arg1_1}. */
    public static String wrapper(String... body) {
        var text =
                new WrapperText()
                        .input("arg0_1", "int64")
                        .input("arg1_1", "int64")
                        .prologue("auto& table = constants_->at(0);")
                        .prologue("auto arg0_1_size = arg0_1.sizes();")
                        .prologue("int64_t s0 = arg0_1_size[0];")
                        .prologue("int64_t s1 = arg0_1_size[1];");
        List.of(body).forEach(text::body);
        return text.text();
    }

    /** The call of the kernel, with pointers that are given. */
    public static String call(String first, String second) {
        return "lookup((const int64_t*)(%s.data_ptr()), (const int64_t*)(%s.data_ptr()), (float*)(buf0.data_ptr()), s0, s0*s1);"
                .formatted(first, second);
    }

    static IndexChecks checks(String kernel, String... body) {
        return WrapperSource.parse(wrapper(body), List.of(kernel)).orElseThrow().indexChecks();
    }
}
