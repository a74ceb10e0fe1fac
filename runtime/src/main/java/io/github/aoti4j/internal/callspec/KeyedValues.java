package io.github.aoti4j.internal.callspec;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Set;

/**
 * An unmodifiable map in the spec's order, whose keys all calls share. A field that was None at
 * export is there, and null.
 */
final class KeyedValues extends AbstractMap<Object, Object> {
    private final Keys keys;

    private final Object[] values;

    /** Owns the array, which has one element for each key. */
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
                return new Entries();
            }
        };
    }

    private final class Entries implements Iterator<Entry<Object, Object>> {
        private int next;

        @Override
        public boolean hasNext() {
            return next < size();
        }

        @Override
        public Entry<Object, Object> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            int i = next++;
            return i < values.length
                    ? new SimpleImmutableEntry<>(keys.get(i), values[i])
                    : new SimpleImmutableEntry<>(keys.absent().get(i - values.length), null);
        }
    }
}
