package io.github.aoti4j.core;

import java.util.Locale;

/**
 * Where a tensor's elements lie and a model computes: the CPU, or one of the machine's CUDA
 * devices.
 *
 * @param type the kind of device
 * @param index which of them, counted from 0 in the order in which CUDA shows them to this process
 *     ({@code CUDA_VISIBLE_DEVICES}); 0 for the CPU
 */
public record Device(Type type, int index) {
    /** The CPU, whose memory Java can read. */
    public static final Device CPU = new Device(Type.CPU, 0);

    private static final String CUDA_PREFIX = "cuda:";
    private static final int MAX_DIGITS = 3;

    /** A kind of device. */
    public enum Type {
        /** Host memory. */
        CPU,
        /** A GPU of NVIDIA's. */
        CUDA;

        /** {@return PyTorch's name, {@code cpu} or {@code cuda}} */
        public String torchName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Checks the index.
     *
     * @throws IllegalArgumentException if the index is negative, or another than 0 for the CPU
     */
    public Device {
        if (index < 0 || (type == Type.CPU && index != 0)) {
            throw new IllegalArgumentException(
                    "there is no device " + type.torchName() + " with index " + index);
        }
    }

    /**
     * {@return a CUDA device, whether or not it exists}
     *
     * @param index which of them, from 0
     * @throws IllegalArgumentException if the index is negative
     */
    public static Device cuda(int index) {
        return new Device(Type.CUDA, index);
    }

    /**
     * Parses PyTorch's notation.
     *
     * @param name {@code cpu}, {@code cuda:1} or the like, or {@code cuda}, which is {@code cuda:0}
     * @return the device
     * @throws IllegalArgumentException if it is none of these
     */
    public static Device parse(String name) {
        if (name.equals("cpu")) {
            return CPU;
        }
        if (name.equals("cuda")) {
            return cuda(0);
        }
        String index = name.startsWith(CUDA_PREFIX) ? name.substring(CUDA_PREFIX.length()) : "";
        if (index.isEmpty()
                || index.length() > MAX_DIGITS
                || (index.length() > 1 && index.charAt(0) == '0')
                || !index.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException(
                    "\"" + name + "\" is no device: cpu, cuda or cuda:0 are, for example");
        }
        return cuda(Integer.parseInt(index));
    }

    /** {@return whether this is the CPU, whose memory Java can read} */
    public boolean isCpu() {
        return type == Type.CPU;
    }

    /** {@return PyTorch's notation: {@code cpu} or {@code cuda:0} and the like} */
    @Override
    public String toString() {
        return isCpu() ? "cpu" : type.torchName() + ":" + index;
    }

    // A record's own methods are linked at their first use, which costs each new JVM time.

    @Override
    public boolean equals(Object other) {
        return other instanceof Device device && type == device.type && index == device.index;
    }

    @Override
    public int hashCode() {
        return isCpu() ? -1 : index;
    }
}
