package io.github.aoti4j.internal.callspec;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Set;
import java.util.stream.IntStream;

/** An unmodifiable map in the spec's order; fields that were None at export are null. */
final class KeyedValues extends AbstractMap<Object, Object> {
    private final Keys keys;

    private final Object[] values;

    KeyedValues(Keys keys, Object[] values) {
        this.keys = keys;
        this.values = values;
    }

    @Override
    public Object get(Object key) {
        int position = keys.find(key);
        return position < 0 ? null : values[position];
    }

    @Override
    public boolean containsKey(Object key) {
        return keys.find(key) >= 0 || keys.isAbsent(key);
    }

    @Override
    public int size() {
        return keys.size() + keys.absent().size();
    }

    @Override
    public Set<Entry<Object, Object>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public int size() {
                return KeyedValues.this.size();
            }

            @Override
            public Iterator<Entry<Object, Object>> iterator() {
                return IntStream.range(0, size()).mapToObj(KeyedValues.this::entry).iterator();
            }
        };
    }

    private Entry<Object, Object> entry(int i) {
        return i < values.length
                ? new SimpleImmutableEntry<>(keys.get(i), values[i])
                : new SimpleImmutableEntry<>(keys.absent().get(i - values.length), null);
    }
}
