package io.github.aoti4j.spark;

import io.github.aoti4j.batch.Element;
import io.github.aoti4j.batch.InputWriter;

import scala.collection.Iterator;
import scala.collection.Seq;

import java.io.Serial;
import java.io.Serializable;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Writes values as Spark's rows have them.
 *
 * @param field the column's place in the row
 * @param known what the column's elements are; null if only nulls have been seen
 * @param depth how deep arrays are nested
 */
record RowValues(int field, Element known, int depth, boolean isVector) implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    boolean isNull() {
        return known == null;
    }

    /** Returns what the elements are; of nulls, what can be all inputs. */
    Element element() {
        return known == null ? Element.BOOLEAN : known;
    }

    static boolean isVector(Class<?> type) {
        return type.getName().startsWith("org.apache.spark.ml")
                && type.getName().contains(".linalg.");
    }

    void write(Object value, InputWriter writer) {
        if (value == null) {
            writer.putNull();
        } else if (isVector) {
            writer.putDoubles(Vectors.toArray(value));
        } else if (known == Element.BYTES) {
            writer.putBytes((byte[]) value);
        } else if (value instanceof Seq<?> list) {
            writer.beginList(list.length());
            Iterator<?> elements = list.iterator();
            while (elements.hasNext()) {
                write(elements.next(), writer);
            }
            writer.endList();
        } else {
            switch (element()) {
                case FLOAT32, FLOAT64 -> writer.put(((Number) value).doubleValue());
                case BOOLEAN -> writer.put((Boolean) value ? 1L : 0L);
                default -> writer.put(((Number) value).longValue());
            }
        }
    }

    /** Spark ML's vectors, which are no dependency. */
    private static final class Vectors {
        /** A class loader may have its own class of vectors. */
        private static final ClassValue<MethodHandle> TO_ARRAY =
                new ClassValue<>() {
                    @Override
                    protected MethodHandle computeValue(Class<?> type) {
                        try {
                            return MethodHandles.publicLookup()
                                    .findVirtual(
                                            type, "toArray", MethodType.methodType(double[].class))
                                    .asType(MethodType.methodType(double[].class, Object.class));
                        } catch (ReflectiveOperationException e) {
                            throw new IllegalStateException("no vector: " + type.getName(), e);
                        }
                    }
                };

        static double[] toArray(Object vector) {
            try {
                return (double[]) TO_ARRAY.get(vector.getClass()).invokeExact(vector);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
