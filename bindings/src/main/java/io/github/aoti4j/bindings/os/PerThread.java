package io.github.aoti4j.bindings.os;

import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Supplier;

/**
 * A value for each thread. A thread refers to its value weakly.
 *
 * <p>The value of a {@link ThreadLocal} is reachable from its thread. If its class is one of ours,
 * a thread of a pool that outlives the application keeps the application's class loader in memory.
 * Here this class keeps the value, until the thread has ended.
 *
 * <p>Thread-safe.
 *
 * @param <T> the type of the values, which must not refer to their thread
 */
public final class PerThread<T> {
    @SuppressWarnings("ThreadLocalUsage") // Instances of this class are static, as it would be.
    private final ThreadLocal<WeakReference<T>> references = new ThreadLocal<>();

    private final Map<Thread, T> values = new WeakHashMap<>();
    private final Supplier<T> initial;

    /** Makes each value when it is first requested, on its thread. */
    public PerThread(Supplier<T> initial) {
        this.initial = initial;
    }

    public T get() {
        WeakReference<T> reference = references.get();
        T value = reference == null ? null : reference.get();
        return value == null ? make() : value;
    }

    private T make() {
        T value = initial.get();
        synchronized (values) {
            values.put(Thread.currentThread(), value);
        }
        references.set(new WeakReference<>(value));
        return value;
    }
}
